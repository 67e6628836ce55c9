using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// The ear of this frontend: takes the workers' messages apart, hands each attempt its tokens, drops what belongs to no open
/// one, notes which workers fell silent, and gives up what one of them has lost.
/// </summary>
internal sealed class TokenHub : ITokenObserver, IDisposable
{
    // workers that have come and gone; only those without streams are forgotten
    private const int MaxFeeds = 1024;
    private const int LooksPerTimeout = 10;

    // guards the dictionaries and all inboxes' writing side; held for a few dictionary look-ups per message
    private readonly Lock _streams = new();
    private readonly Dictionary<(long StreamId, int AttemptNumber), TokenInbox> _inboxes = [];
    private readonly Dictionary<WorkerKey, WorkerFeed> _feeds = [];
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _watch;
    private long _lastStreamId;
    private long? _siloLostAt;

    public TokenHub(IOptions<StreamOptions> options, TimeProvider time)
    {
        _options = options.Value;
        _time = time;
        TimeSpan period = BeatTimeoutAfterLoss / LooksPerTimeout;
        _watch = time.CreateTimer(static hub => ((TokenHub)hub!).LookForSilence(), this, period, period);
    }

    /// <summary>Attempts that are heard; a stream that looks for another worker may have two.</summary>
    public int OpenAttempts
    {
        get
        {
            lock (_streams)
            {
                return _inboxes.Count;
            }
        }
    }

    /// <summary>Those whose workers say nothing at present.</summary>
    public int SilentAttempts
    {
        get
        {
            lock (_streams)
            {
                return _inboxes.Values.Count(inbox => inbox.IsSilent);
            }
        }
    }

    private TimeSpan BeatTimeoutAfterLoss =>
        _options.BeatTimeoutAfterLoss < _options.BeatTimeout ? _options.BeatTimeoutAfterLoss : _options.BeatTimeout;

    /// <summary>A name for an answer, unique in this frontend.</summary>
    public long NewStreamId() => Interlocked.Increment(ref _lastStreamId);

    /// <param name="cut">Called once if the hub gives the stream up, so that its attempt can be cancelled at once.</param>
    /// <exception cref="GenerationException">This frontend has as many streams open as it may have; one that moves is let in.</exception>
    public TokenInbox Open(AttemptStart start, Action<GenerationFailure> cut)
    {
        lock (_streams)
        {
            if (_inboxes.Count >= _options.MaxOpenStreams && !start.IsMove)
            {
                throw new GenerationException(GenerationFailure.Busy, _options.RetryAfter);
            }

            var inbox = new TokenInbox(start, _options.MaxUnreadTokens, cut);
            _inboxes.Add((inbox.StreamId, inbox.AttemptNumber), inbox);
            return inbox;
        }
    }

    /// <summary>From here on the inbox takes this worker's tokens; to be called before the worker is, which may be fast.</summary>
    public void Expect(TokenInbox inbox, WorkerKey worker)
    {
        lock (_streams)
        {
            inbox.Expect(worker, _time.GetTimestamp());
            FeedOf(worker).Inboxes.Add(inbox);
        }
    }

    /// <summary>The worker has admitted the attempt: from here on it must be heard of.</summary>
    public void Admit(TokenInbox inbox)
    {
        lock (_streams)
        {
            inbox.AdmittedAt = _time.GetTimestamp();
        }
    }

    /// <summary>Nothing more is delivered.</summary>
    public void Close(TokenInbox inbox)
    {
        lock (_streams)
        {
            Remove(inbox);
        }
    }

    /// <summary>A connection with some silo has closed, and maybe the silo is gone; whose workers were on it is not known.</summary>
    public void NoteSiloLost()
    {
        lock (_streams)
        {
            _siloLostAt = _time.GetTimestamp();
        }
    }

    public Task OnTokensAsync(TokenBatch batch)
    {
        var lost = new List<TokenInbox>();
        lock (_streams)
        {
            long now = _time.GetTimestamp();
            WorkerFeed feed = FeedOf(batch.Worker);
            if (!feed.Accept(batch, now, lost))
            {
                return Task.CompletedTask;
            }

            GiveUp(lost, GenerationFailure.WorkerLost);
            feed.NoteSpeech();
            foreach (ref readonly StreamDelta delta in batch.Deltas.AsSpan())
            {
                Deliver(delta, batch, now, lost);
            }
        }

        TellCut(lost);
        return Task.CompletedTask;
    }

    public void Dispose() => _watch.Dispose();

    private void Deliver(in StreamDelta delta, TokenBatch batch, long now, List<TokenInbox> lost)
    {
        bool isOurs = _inboxes.TryGetValue((delta.StreamId, delta.AttemptNumber), out TokenInbox? inbox) && inbox.Worker == batch.Worker;
        if (!isOurs)
        {
            return;
        }

        if (inbox!.Deliver(delta, batch.Epoch, now) is { } failure)
        {
            inbox.Fail(failure);
            Remove(inbox);
            lost.Add(inbox);
        }
        else if (delta.Finish is not null)
        {
            Remove(inbox);
        }
    }

    private void LookForSilence()
    {
        var lost = new List<TokenInbox>();
        lock (_streams)
        {
            long now = _time.GetTimestamp();
            foreach (WorkerFeed feed in _feeds.Values)
            {
                NoteSilence(feed, now, lost);
                ShowLife(feed, now);
            }

            GiveUp(lost, GenerationFailure.WorkerLost);
        }

        TellCut(lost);
    }

    // what has not brought a token yet has cost nothing, and may be what its worker hangs at: it is lost at once
    private void NoteSilence(WorkerFeed feed, long now, List<TokenInbox> lost)
    {
        foreach (TokenInbox inbox in feed.Inboxes)
        {
            if (inbox.IsSilent || !IsOverdue(feed, inbox, now))
            {
                continue;
            }

            inbox.NoteSilence();
            if (inbox.Epoch is null)
            {
                lost.Add(inbox);
            }
        }
    }

    private bool IsOverdue(WorkerFeed feed, TokenInbox inbox, long now)
    {
        if (inbox.AdmittedAt is not { } admittedAt)
        {
            return false;
        }

        long heardAt = Math.Max(admittedAt, feed.HeardAt);
        bool mayHaveGone = heardAt <= _siloLostAt && inbox.Epoch is not null;
        return _time.GetElapsedTime(heardAt, now) > (mayHaveGone ? BeatTimeoutAfterLoss : _options.BeatTimeout);
    }

    private void ShowLife(WorkerFeed feed, long now)
    {
        foreach (TokenInbox inbox in feed.Inboxes)
        {
            if (_time.GetElapsedTime(inbox.ToldAt, now) >= _options.KeepAlive)
            {
                inbox.ShowLife(now);
            }
        }
    }

    private void GiveUp(List<TokenInbox> inboxes, GenerationFailure failure)
    {
        foreach (TokenInbox inbox in inboxes)
        {
            inbox.Fail(failure);
            Remove(inbox);
        }
    }

    // outside the lock: what the streams do then is none of the hub's business
    private static void TellCut(List<TokenInbox> inboxes) => inboxes.ForEach(inbox => inbox.TellCut());

    private void Remove(TokenInbox inbox)
    {
        _inboxes.Remove((inbox.StreamId, inbox.AttemptNumber));
        if (_feeds.TryGetValue(inbox.Worker, out WorkerFeed? feed))
        {
            feed.Inboxes.Remove(inbox);
        }
    }

    private WorkerFeed FeedOf(WorkerKey worker)
    {
        if (_feeds.TryGetValue(worker, out WorkerFeed? feed))
        {
            return feed;
        }

        if (_feeds.Count >= MaxFeeds && _feeds.Values.FirstOrDefault(idle => idle.Inboxes.Count == 0) is { } forgotten)
        {
            _feeds.Remove(forgotten.Worker);
        }

        _feeds.Add(worker, feed = new WorkerFeed(worker));
        return feed;
    }
}
