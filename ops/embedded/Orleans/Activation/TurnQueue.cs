using DeepSeekOrleans.Embedded.Messaging;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>Who may run now: one turn at a time, but for those that interleave.</summary>
internal sealed class TurnQueue(GrainActivation activation)
{
    private readonly List<Turn> _running = [];
    private readonly LinkedList<Turn> _waiting = [];
    private int _waitingToInterleave;
    private bool _isStarting;

    public bool IsRunning => _running.Count > 0;

    public bool IsIdle => _running.Count == 0 && _waiting.Count == 0;

    public int WaitingCount => _waiting.Count;

    public void Add(Turn turn)
    {
        if (MayStart(turn))
        {
            Start(turn);
        }
        else
        {
            Hold(turn);
        }
    }

    /// <summary>Keeps a turn for later: another one runs, or the activation starts or ends.</summary>
    public void Hold(Turn turn)
    {
        _waiting.AddLast(turn);
        _waitingToInterleave += MayInterleave(turn) ? 1 : 0;
    }

    public void Ended(Turn turn) => _running.Remove(turn);

    /// <summary>Starts in order all that may start; a turn that interleaves overtakes those that may not.</summary>
    public void StartWaiting()
    {
        // A turn that ends at once comes back here from within Start; the loop below goes on with the next one.
        if (_isStarting)
        {
            return;
        }

        _isStarting = true;
        LinkedListNode<Turn>? node = _waiting.First;
        while (node is not null)
        {
            if (!MayStart(node.Value))
            {
                // A long queue behind an ordinary call is the usual case, and then the others cannot start either.
                node = _waitingToInterleave > 0 ? node.Next : null;
                continue;
            }

            Remove(node);
            Start(node.Value);
            node = _waiting.First;
        }

        _isStarting = false;
    }

    public List<Turn> TakeWaiting()
    {
        List<Turn> waiting = [.. _waiting];
        _waiting.Clear();
        _waitingToInterleave = 0;
        return waiting;
    }

    public void Cancel(Message withdrawal)
    {
        foreach (Turn turn in _running.ToArray())
        {
            if (turn is Message running && running.IsCallOf(withdrawal))
            {
                running.Cancel();
            }
        }

        if (_waiting.FirstOrDefault(turn => turn is Message waiting && waiting.IsCallOf(withdrawal)) is Message { } message)
        {
            Remove(_waiting.Find(message)!);
            activation.Silo.Replies.Fail(message, new OperationCanceledException());
        }
    }

    private static bool MayInterleave(Turn turn) => turn.AlwaysInterleaves || turn.IsReadOnly;

    private void Remove(LinkedListNode<Turn> node)
    {
        _waiting.Remove(node);
        _waitingToInterleave -= MayInterleave(node.Value) ? 1 : 0;
    }

    private bool MayStart(Turn turn) =>
        activation.Class.IsReentrant
        || turn.AlwaysInterleaves
        || _running.TrueForAll(running => running.AlwaysInterleaves || (turn.IsReadOnly && running.IsReadOnly));

    private void Start(Turn turn)
    {
        _running.Add(turn);
        _ = turn.RunAsync(activation);
    }
}
