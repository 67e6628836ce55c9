using System.Threading.Channels;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// The unread tokens of one attempt, between the hub, which fills it, and the one reader of the stream. Everything but reading is
/// done under the hub's lock.
/// </summary>
internal sealed class TokenInbox
{
    // no tokens, no finish: nothing new, but the stream lives
    private static readonly StreamDelta SignOfLife = new(0, 0, -1, [], null);

    // wakes the reader and is not shown to it
    private static readonly StreamDelta NoteOfSilence = new(0, 0, -2, [], null);

    private readonly Channel<StreamDelta> _deltas;
    private readonly Action<GenerationFailure> _cut;
    private GenerationFailure _failure;
    private int _maxUnread;
    private int _unread;
    private volatile bool _isSilent;
    private volatile bool _isUnattended;
    private volatile bool _hasFailed;

    /// <param name="maxUnread">Tokens that the reader may be behind.</param>
    /// <param name="cut">Called once, outside the lock, when the hub gives the stream up.</param>
    public TokenInbox(AttemptStart start, int maxUnread, Action<GenerationFailure> cut)
    {
        StreamId = start.StreamId;
        AttemptNumber = start.Number;
        NextIndex = start.EmittedIds.Length;
        _maxUnread = maxUnread;
        _cut = cut;

        // bounded by its tokens: deltas hold at least one, but for the finish, and for the signs and notes that are written to an empty one
        _deltas = Channel.CreateUnbounded<StreamDelta>();
    }

    public long StreamId { get; }

    /// <summary>Where the attempt runs; the hub takes its tokens from nobody else.</summary>
    public WorkerKey Worker { get; private set; }

    public int AttemptNumber { get; }

    /// <summary>When the worker has admitted the attempt; from then on it must be heard of. Null before.</summary>
    public long? AdmittedAt { get; set; }

    /// <summary>
    /// The worker has told nothing for too long, and may yet: nothing is lost so far. For the reader, who is woken and looks after it has
    /// read what there is.
    /// </summary>
    public bool IsSilent => _isSilent;

    /// <summary>The hub has given the stream up.</summary>
    public bool HasFailed => _hasFailed;

    /// <summary>When the reader last got anything.</summary>
    public long ToldAt { get; private set; }

    /// <summary>The worker's epoch that the tokens so far came from; null before the first.</summary>
    public long? Epoch { get; private set; }

    /// <summary>The position of the next token in the stream.</summary>
    public int NextIndex { get; private set; }

    public void Expect(WorkerKey worker, long now) => (Worker, ToldAt) = (worker, now);

    /// <returns>Null, or why the stream cannot go on.</returns>
    public GenerationFailure? Deliver(in StreamDelta delta, long epoch, long now)
    {
        if (delta.FirstIndex != NextIndex || (Epoch is { } known && known != epoch))
        {
            return GenerationFailure.WorkerLost;
        }

        if (Epoch is null || _isUnattended)
        {
            // what was computed before an attempt joined comes at once, and what comes while its reader looks for another worker has
            // nobody to read it: neither says anything about the reader, and the answer's own limit bounds both
            _maxUnread += delta.TokenIds.Length;
        }

        (Epoch, ToldAt) = (epoch, now);
        NextIndex += delta.TokenIds.Length;
        if (Interlocked.Add(ref _unread, delta.TokenIds.Length) > _maxUnread)
        {
            return GenerationFailure.SlowReader;
        }

        _deltas.Writer.TryWrite(delta);
        if (delta.Finish is not null)
        {
            _deltas.Writer.Complete();
        }

        return null;
    }

    public void ShowLife(long now)
    {
        ToldAt = now;
        if (_deltas.Reader.Count == 0)
        {
            _deltas.Writer.TryWrite(SignOfLife);
        }
    }

    /// <summary>The worker has been silent for too long.</summary>
    public void NoteSilence()
    {
        _isSilent = true;
        if (_deltas.Reader.Count == 0)
        {
            _deltas.Writer.TryWrite(NoteOfSilence);
        }
    }

    /// <summary>The worker has spoken again, and nothing is missing.</summary>
    public void NoteSpeech() => _isSilent = false;

    /// <summary>For the reader: what comes from here on waits until it is back, and is not held against it.</summary>
    public void LeaveUnattended() => _isUnattended = true;

    /// <summary>For the reader, which is back.</summary>
    /// <returns>The tokens that came meanwhile.</returns>
    public int Attend()
    {
        int late = _isUnattended ? Volatile.Read(ref _unread) : 0;
        _isUnattended = false;
        return late;
    }

    /// <summary>An answer that is known already: it never waits for a reader.</summary>
    public void Replay(CachedResponse response)
    {
        _deltas.Writer.TryWrite(new StreamDelta(StreamId, AttemptNumber, 0, response.TokenIds, response.Finish, response.Facts));
        _deltas.Writer.Complete();
    }

    /// <summary>What has been delivered can still be read; after it the reader gets the failure.</summary>
    public void Fail(GenerationFailure failure)
    {
        _failure = failure;
        _hasFailed = true;
        _deltas.Writer.TryComplete(new GenerationException(failure));
    }

    /// <summary>After <see cref="Fail"/>, outside the hub's lock.</summary>
    public void TellCut() => _cut(_failure);

    /// <summary>False at the end of the stream.</summary>
    /// <exception cref="GenerationException">The hub has given the stream up.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _deltas.Reader.WaitToReadAsync(cancellationToken);

    public bool TryRead(out StreamDelta delta)
    {
        while (_deltas.Reader.TryRead(out delta))
        {
            if (delta.FirstIndex != NoteOfSilence.FirstIndex)
            {
                Interlocked.Add(ref _unread, -delta.TokenIds.Length);
                return true;
            }
        }

        return false;
    }
}
