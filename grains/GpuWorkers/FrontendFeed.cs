using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>One frontend as this worker sees it: how many streams it has here, what is still to be said, and the message numbers.</summary>
internal sealed class FrontendFeed(ITokenObserver observer, WorkerKey worker, long epoch)
{
    private readonly List<OpenStream> _speaking = [];
    private long _lastNumber;
    private bool _underWay;
    private bool _silent = true;

    public ITokenObserver Observer => observer;

    public int OpenStreams { get; set; }

    /// <summary>When a stream was last opened, in openings of the whole worker.</summary>
    public long LastOpening { get; set; }

    public bool IsIdle => OpenStreams == 0 && _speaking.Count == 0 && !_underWay;

    /// <summary>Notes a stream that has something to say and has had nothing before.</summary>
    public void Speak(OpenStream stream) => _speaking.Add(stream);

    /// <summary>
    /// The next message, if one is due and none is under way: the tokens that have come meanwhile or, when asked for a beat, an empty
    /// one if nothing has been sent since the last time that a beat was asked for.
    /// </summary>
    public OutgoingBatch? TakeDue(bool beat)
    {
        bool beatDue = beat && _silent && OpenStreams > 0;
        _silent |= beat;
        if (_underWay || (_speaking.Count == 0 && !beatDue))
        {
            return null;
        }

        StreamDelta[] deltas = [.. _speaking.Select(stream => stream.TakeDelta())];
        _speaking.Clear();
        _underWay = true;
        _silent = false;
        _lastNumber++;
        return new OutgoingBatch(this, new TokenBatch { Worker = worker, Epoch = epoch, Number = _lastNumber, Deltas = deltas });
    }

    /// <summary>The message under way has arrived.</summary>
    public void Arrived() => _underWay = false;
}

internal readonly record struct OutgoingBatch(FrontendFeed Frontend, TokenBatch Batch);
