using System.Runtime.InteropServices;
using System.Threading.Channels;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// Where the engine's thread leaves its tokens and the pump picks them up. Neither waits for the other: what a late pump finds is
/// several steps at once, and beyond the limit tokens are dropped and the streams given up.
/// </summary>
internal sealed class StepBuffer(int limit) : IStepObserver
{
    // holds at most one signal: the pump takes everything that has arrived, so further signals say nothing new
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
    });

    // guards the fields below; held for an append or a swap, never across a call to the outside
    private readonly Lock _arrivals = new();
    private List<EmittedToken> _arrived = [];
    private List<EmittedToken> _spare = [];
    private StreamFinish? _givenUp;
    private bool _beatDue;

    /// <inheritdoc/>
    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        lock (_arrivals)
        {
            if (_arrived.Count + tokens.Length > limit)
            {
                _givenUp ??= StreamFinish.WorkerStopping;
            }

            if (_givenUp is null)
            {
                _arrived.AddRange(tokens);
            }
        }

        Signal();
    }

    /// <summary>Asks the pump to look for frontends that have heard nothing for a while.</summary>
    public void RequestBeat()
    {
        lock (_arrivals)
        {
            _beatDue = true;
        }

        Signal();
    }

    /// <summary>Asks the pump to end all streams after what has arrived so far.</summary>
    public void GiveUp(StreamFinish finish)
    {
        lock (_arrivals)
        {
            _givenUp = finish;
        }

        Signal();
    }

    /// <summary>Makes the pump look again.</summary>
    public void Signal() => _signal.Writer.TryWrite(true);

    /// <summary>Lets the pump end after what has arrived so far.</summary>
    public void Complete() => _signal.Writer.TryComplete();

    /// <summary>Waits for something to do; false when the buffer is complete and nothing is left.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (await _signal.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_signal.Reader.TryRead(out _))
            {
                return true;
            }
        }

        return HasArrivals();
    }

    /// <summary>Takes all that has arrived. The tokens stay valid until the next call.</summary>
    public Arrivals Take()
    {
        lock (_arrivals)
        {
            _spare.Clear();
            (_arrived, _spare) = (_spare, _arrived);
            var taken = new Arrivals(_spare, _givenUp, _beatDue);
            _givenUp = null;
            _beatDue = false;
            return taken;
        }
    }

    private bool HasArrivals()
    {
        lock (_arrivals)
        {
            return _arrived.Count > 0 || _givenUp is not null;
        }
    }

    internal readonly struct Arrivals(List<EmittedToken> tokens, StreamFinish? givenUp, bool beatDue)
    {
        public ReadOnlySpan<EmittedToken> Tokens => CollectionsMarshal.AsSpan(tokens);

        /// <summary>Why all streams end after <see cref="Tokens"/>, of which the last may be missing; null when they do not.</summary>
        public StreamFinish? GivenUp => givenUp;

        public bool BeatDue => beatDue;
    }
}
