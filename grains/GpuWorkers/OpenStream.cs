using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>One attempt that reads a sequence, and its tokens that wait for the next message.</summary>
/// <param name="firstIndex">The position of the first token that it lacks.</param>
internal sealed class OpenStream(OpenSequence sequence, Attempt attempt, FrontendFeed frontend, int firstIndex)
{
    private readonly List<int> _unsent = [];
    private readonly int _lackedFrom = firstIndex;
    private int _firstIndex = firstIndex;
    private bool _hasFacts;
    private StreamFacts? _unsentFacts;
    private StreamFinish? _finish;

    public OpenSequence Sequence => sequence;

    public Attempt Attempt => attempt;

    public FrontendFeed Frontend => frontend;

    /// <summary>Whether something waits for the next message.</summary>
    public bool Speaks { get; private set; }

    /// <summary>False for a token that an earlier attempt of the stream has delivered, before the one that it joined got there.</summary>
    public bool Lacks(EmittedToken token) => token.Finish is not null || token.Index >= _lackedFrom;

    public void Add(EmittedToken token)
    {
        if (!Speaks)
        {
            _firstIndex = Math.Max(token.Index, _lackedFrom);
            Speaks = true;
        }

        if (token.TokenId >= 0 && token.Index >= _lackedFrom)
        {
            TellFacts();
            _unsent.Add(token.TokenId);
        }

        _finish = token.Finish?.ToStreamFinish();
    }

    /// <summary>Adds what was computed before the stream joined its sequence.</summary>
    public void Add(int[] missed)
    {
        Speaks = true;
        TellFacts();
        _unsent.AddRange(missed);
    }

    /// <summary>Ends the stream without the engine's word.</summary>
    public void End(StreamFinish finish)
    {
        Speaks = true;
        _finish = finish;
    }

    /// <summary>Takes what has been added since the last call.</summary>
    public StreamDelta TakeDelta()
    {
        var delta = new StreamDelta(attempt.StreamId, attempt.Number, _firstIndex, [.. _unsent], _finish, _unsentFacts);
        _firstIndex += _unsent.Count;
        _unsent.Clear();
        _unsentFacts = null;
        Speaks = false;
        return delta;
    }

    private void TellFacts()
    {
        if (!_hasFacts)
        {
            _hasFacts = true;
            _unsentFacts = sequence.Facts;
        }
    }
}
