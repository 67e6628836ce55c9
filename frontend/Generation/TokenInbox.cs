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

    private readonly Channel<StreamDelta> _deltas;
    private readonly Action<GenerationFailure> _cut;
    private GenerationFailure _failure;
    private int _maxUnread;
    private int _unread;

    /// <param name="maxUnread">Tokens that the reader may be behind.</param>
    /// <param name="cut">Called once, outside the lock, when the hub gives the stream up.</param>
    public TokenInbox(AttemptStart start, int maxUnread, Action<GenerationFailure> cut)
    {
        StreamId = start.StreamId;
        NextIndex = start.EmittedIds.Length;
        _maxUnread = maxUnread;
        _cut = cut;

        // deltas hold at least one token, but for the finish and the sign of life
        _deltas = Channel.CreateBounded<StreamDelta>(new BoundedChannelOptions(maxUnread + 2) { SingleReader = true });
    }

    public long StreamId { get; }

    /// <summary>Where the attempt runs; the hub takes its tokens from nobody else.</summary>
    public WorkerKey Worker { get; private set; }

    /// <summary>Messages of any other attempt are dropped.</summary>
    public int AttemptNumber { get; private set; }

    /// <summary>When the worker has admitted the attempt; from then on it must be heard of. Null before.</summary>
    public long? AdmittedAt { get; set; }

    /// <summary>When the reader last got anything.</summary>
    public long ToldAt { get; private set; }

    /// <summary>The worker's epoch that the tokens so far came from; null before the first.</summary>
    public long? Epoch { get; private set; }

    /// <summary>The position of the next token in the stream.</summary>
    public int NextIndex { get; private set; }

    public void Expect(WorkerKey worker, int attemptNumber, long now) =>
        (Worker, AttemptNumber, ToldAt) = (worker, attemptNumber, now);

    /// <returns>Null, or why the stream cannot go on.</returns>
    public GenerationFailure? Deliver(in StreamDelta delta, long epoch, long now)
    {
        if (delta.FirstIndex != NextIndex || (Epoch is { } known && known != epoch))
        {
            return GenerationFailure.WorkerLost;
        }

        if (Epoch is null)
        {
            // what was computed before an attempt joined comes at once, and says nothing about its reader
            _maxUnread += delta.TokenIds.Length;
        }

        (Epoch, ToldAt) = (epoch, now);
        NextIndex += delta.TokenIds.Length;
        if (Interlocked.Add(ref _unread, delta.TokenIds.Length) > _maxUnread || !_deltas.Writer.TryWrite(delta))
        {
            return GenerationFailure.SlowReader;
        }

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
        _deltas.Writer.TryComplete(new GenerationException(failure));
    }

    /// <summary>After <see cref="Fail"/>, outside the hub's lock.</summary>
    public void TellCut() => _cut(_failure);

    /// <summary>False at the end of the stream.</summary>
    /// <exception cref="GenerationException">The hub has given the stream up.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _deltas.Reader.WaitToReadAsync(cancellationToken);

    public bool TryRead(out StreamDelta delta)
    {
        bool read = _deltas.Reader.TryRead(out delta);
        if (read)
        {
            Interlocked.Add(ref _unread, -(delta.TokenIds?.Length ?? 0));
        }

        return read;
    }
}
