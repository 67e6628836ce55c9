using System.Diagnostics.CodeAnalysis;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// The sequences that one worker computes, the streams that read them, and the frontends that hear those. Both the grain, which opens
/// streams, and the pump, which ends them, work here.
/// </summary>
internal sealed class OpenStreams(WorkerKey worker, GpuWorkerOptions options, TimeProvider time)
{
    // guards all fields below; never held across a call to the outside
    private readonly Lock _table = new();
    private readonly Dictionary<long, OpenSequence> _sequences = [];
    private readonly Dictionary<AnswerKey, OpenSequence> _byAnswer = [];
    private readonly Dictionary<StreamKey, OpenStream> _byStream = [];
    private readonly Dictionary<ITokenObserver, FrontendFeed> _frontends = [];
    private readonly AttemptFence _fence = new(options.MaxFencedAttempts);
    private ServedForm _model = new("", "", "");
    private long _lastSequence;
    private long _lastEpoch;

    /// <summary>Says what computes the streams that are opened from here on.</summary>
    public void Serve(ServedForm model)
    {
        lock (_table)
        {
            _model = model;
        }
    }

    /// <summary>What the tables hold, to see that they do not grow.</summary>
    public TableSizes Sizes
    {
        get
        {
            lock (_table)
            {
                return new TableSizes(_byStream.Count, _frontends.Count, _fence.Count);
            }
        }
    }

    /// <summary>
    /// Prepares a stream, so that its first token finds it: as a reader of the sequence that computes its answer already, or of one that
    /// the caller submits next or withdraws.
    /// </summary>
    /// <param name="emittedIds">What earlier attempts of the stream have delivered.</param>
    /// <param name="answer">Null when the stream must have a sequence of its own.</param>
    public Opening Open(Attempt attempt, ITokenObserver frontend, int[] emittedIds, AnswerKey? answer)
    {
        lock (_table)
        {
            _byStream.TryGetValue(StreamKey.Of(attempt), out OpenStream? current);
            if (_fence.Refuses(attempt) || current?.Attempt.Number >= attempt.Number)
            {
                return Opening.Refused;
            }

            OpenSequence? shared = FindShared(answer, emittedIds, out int[] missed);
            OpenSequence sequence = shared ?? Begin(answer, emittedIds);
            var stream = new OpenStream(sequence, attempt, FeedOf(frontend), emittedIds.Length);
            sequence.Streams.Add(stream);

            // after the new one has its place: both may read the same sequence
            bool isOrphaned = current is not null && Drop(current);
            _byStream.Add(StreamKey.Of(attempt), stream);
            stream.Frontend.OpenStreams++;
            stream.Frontend.LastOpening = _lastSequence;
            if (missed.Length > 0)
            {
                stream.Frontend.Speak(stream);
                stream.Add(missed);
            }

            return new Opening(sequence.Id, isOrphaned ? current!.Sequence.Id : null, IsJoined: shared is not null);
        }
    }

    /// <summary>Takes back a sequence that the engine has not admitted.</summary>
    public void Withdraw(long sequenceId)
    {
        lock (_table)
        {
            if (_sequences.TryGetValue(sequenceId, out OpenSequence? sequence))
            {
                RemoveAll([.. sequence.Streams]);
            }
        }
    }

    /// <summary>
    /// Finds the sequence that is to be cancelled with an attempt: none while others read it. From here on neither this attempt nor an
    /// older one of its stream can be opened; one that is open goes on, because its frontend still hears it.
    /// </summary>
    public bool TryFence(Attempt attempt, out long sequenceId)
    {
        lock (_table)
        {
            _fence.Raise(attempt);
            sequenceId = 0;
            if (!_byStream.TryGetValue(StreamKey.Of(attempt), out OpenStream? stream) || stream.Attempt.Number != attempt.Number)
            {
                return false;
            }

            if (stream.Sequence.Streams.Count > 1)
            {
                Drop(stream);
                return false;
            }

            // it ends with the engine's word; until then nobody may join it
            Hide(stream.Sequence);
            sequenceId = stream.Sequence.Id;
            return true;
        }
    }

    /// <summary>Takes in what the engine has emitted and closes the streams that have ended.</summary>
    public void Hear(ReadOnlySpan<EmittedToken> tokens)
    {
        lock (_table)
        {
            foreach (EmittedToken token in tokens)
            {
                if (_sequences.TryGetValue(token.SequenceId, out OpenSequence? sequence))
                {
                    Hear(sequence, token);
                }
            }
        }
    }

    /// <summary>The messages to send now: one for each frontend that has none under way and something to hear, or a beat due.</summary>
    public List<OutgoingBatch> TakeDue(bool beat)
    {
        lock (_table)
        {
            return [.. _frontends.Values.Select(frontend => frontend.TakeDue(beat)).OfType<OutgoingBatch>()];
        }
    }

    /// <summary>A frontend has answered its message, and the next one may go.</summary>
    public void Arrived(FrontendFeed frontend)
    {
        lock (_table)
        {
            frontend.Arrived();
        }
    }

    /// <summary>Ends every stream without the engine's word and returns the sequences to cancel.</summary>
    public long[] GiveUpAll(StreamFinish finish)
    {
        lock (_table)
        {
            foreach (OpenStream stream in _byStream.Values)
            {
                MarkSpeaking(stream);
                stream.End(finish);
            }

            return RemoveAll([.. _byStream.Values]);
        }
    }

    /// <summary>Drops a frontend that cannot be reached any more and returns the sequences that nobody hears now.</summary>
    public long[] Forget(FrontendFeed frontend)
    {
        lock (_table)
        {
            _frontends.Remove(frontend.Observer);
            return RemoveAll([.. _byStream.Values.Where(stream => stream.Frontend == frontend)]);
        }
    }

    private static void MarkSpeaking(OpenStream stream)
    {
        if (!stream.Speaks)
        {
            stream.Frontend.Speak(stream);
        }
    }

    private void Hear(OpenSequence sequence, EmittedToken token)
    {
        sequence.Add(token);
        foreach (OpenStream stream in sequence.Streams)
        {
            if (stream.Lacks(token))
            {
                MarkSpeaking(stream);
                stream.Add(token);
            }
        }

        if (token.Finish is not null)
        {
            RemoveAll([.. sequence.Streams]);
        }
    }

    /// <summary>Ends one attempt and says so: its frontend may not know whether a newer one has taken its place.</summary>
    /// <returns>Nobody reads its sequence any more.</returns>
    private bool Drop(OpenStream stream)
    {
        MarkSpeaking(stream);
        stream.End(StreamFinish.Cancelled);
        return Remove(stream);
    }

    private OpenSequence? FindShared(AnswerKey? answer, int[] emittedIds, out int[] missed)
    {
        missed = [];
        if (answer is null
            || !_byAnswer.TryGetValue(answer, out OpenSequence? sequence)
            || !sequence.TryContinue(emittedIds, out int[]? missing))
        {
            return null;
        }

        missed = missing;
        return sequence;
    }

    private OpenSequence Begin(AnswerKey? answer, int[] emittedIds)
    {
        // one of two that compute the same answer is found, and the other serves who has it
        bool isFound = answer is null || _byAnswer.ContainsKey(answer);
        var sequence = new OpenSequence(++_lastSequence, isFound ? null : answer, _model);
        sequence.BeginAfter(emittedIds);
        _sequences.Add(sequence.Id, sequence);
        if (sequence.Key is { } key)
        {
            _byAnswer.Add(key, sequence);
        }

        return sequence;
    }

    private FrontendFeed FeedOf(ITokenObserver frontend)
    {
        if (_frontends.TryGetValue(frontend, out FrontendFeed? feed))
        {
            return feed;
        }

        if (_frontends.Count >= options.MaxFrontends && TryFindIdle(out FrontendFeed? idle))
        {
            _frontends.Remove(idle.Observer);
        }

        // later than every epoch before it, of this activation and, by the clock, of those before
        _lastEpoch = Math.Max(_lastEpoch + 1, time.GetUtcNow().UtcTicks);
        feed = new FrontendFeed(frontend, worker, _lastEpoch);
        _frontends.Add(frontend, feed);
        return feed;
    }

    private bool TryFindIdle([NotNullWhen(true)] out FrontendFeed? idle)
    {
        idle = _frontends.Values.Where(feed => feed.IsIdle).MinBy(feed => feed.LastOpening);
        return idle is not null;
    }

    /// <returns>The sequences that nobody reads any more.</returns>
    private long[] RemoveAll(OpenStream[] streams) => [.. streams.Where(Remove).Select(stream => stream.Sequence.Id)];

    /// <returns>Nobody reads its sequence any more.</returns>
    private bool Remove(OpenStream stream)
    {
        _byStream.Remove(StreamKey.Of(stream.Attempt));
        stream.Frontend.OpenStreams--;
        stream.Sequence.Streams.Remove(stream);
        if (stream.Sequence.Streams.Count > 0)
        {
            return false;
        }

        _sequences.Remove(stream.Sequence.Id);
        Hide(stream.Sequence);
        return true;
    }

    private void Hide(OpenSequence sequence)
    {
        if (sequence.Key is { } key && _byAnswer.GetValueOrDefault(key) == sequence)
        {
            _byAnswer.Remove(key);
        }
    }
}

/// <param name="SequenceId">The name towards the engine of what the stream reads; 0 when a newer attempt or a cancellation is known.</param>
/// <param name="Replaced">The sequence that only an older attempt has read, to be cancelled.</param>
/// <param name="IsJoined">The engine has the sequence already.</param>
internal readonly record struct Opening(long SequenceId, long? Replaced, bool IsJoined)
{
    public static Opening Refused => default;

    public bool IsRefused => SequenceId == 0;
}

/// <param name="Streams">Open ones.</param>
/// <param name="Frontends">Those whose message numbers are known.</param>
/// <param name="FencedAttempts">Streams that must not start again.</param>
internal readonly record struct TableSizes(int Streams, int Frontends, int FencedAttempts);
