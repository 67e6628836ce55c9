namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>Where other threads leave requests and cancellations for the engine's thread, which takes them once per step.</summary>
internal sealed class Inbox(int limit)
{
    // Guards everything below. Held for a few dictionary operations only, never while the model runs.
    private readonly Lock _gate = new();
    private readonly HashSet<long> _open = [];
    private readonly List<GenerationRequest> _arrivals = [];
    private readonly HashSet<long> _cancellations = [];
    private bool _closed;
    private int _openCount;
    private long _busySince;
    private long _admitted;

    /// <summary>The most sequences that may be open.</summary>
    public int Limit => limit;

    /// <summary>Sequences submitted and not yet ended.</summary>
    public int OpenCount => Volatile.Read(ref _openCount);

    /// <summary>Sequences that have ever been admitted.</summary>
    public long Admitted => Volatile.Read(ref _admitted);

    /// <summary>When the first of the open sequences came to an idle engine, as a timestamp of the caller's clock.</summary>
    public long BusySince => Volatile.Read(ref _busySince);

    public AdmissionOutcome Offer(GenerationRequest request, long now)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return AdmissionOutcome.Draining;
            }

            if (_open.Count >= limit)
            {
                return AdmissionOutcome.QueueFull;
            }

            if (!_open.Add(request.Id))
            {
                throw new ArgumentException($"sequence {request.Id} is already open", nameof(request));
            }

            if (_open.Count == 1)
            {
                Volatile.Write(ref _busySince, now);
            }

            Volatile.Write(ref _openCount, _open.Count);
            Volatile.Write(ref _admitted, _admitted + 1);
            _arrivals.Add(request);
            return AdmissionOutcome.Admitted;
        }
    }

    /// <summary>Asks for the end of a sequence; of one that is not open it is ignored, so that the set stays bounded.</summary>
    public bool Cancel(long sequenceId)
    {
        lock (_gate)
        {
            return _open.Contains(sequenceId) && _cancellations.Add(sequenceId);
        }
    }

    /// <summary>Moves what has come into the caller's lists.</summary>
    public void Take(List<GenerationRequest> arrivals, List<long> cancellations)
    {
        lock (_gate)
        {
            arrivals.AddRange(_arrivals);
            cancellations.AddRange(_cancellations);
            _arrivals.Clear();
            _cancellations.Clear();
        }
    }

    /// <summary>The sequence has ended; its id may be used again.</summary>
    public void Forget(long sequenceId)
    {
        lock (_gate)
        {
            Ensure.That(_open.Remove(sequenceId), "a sequence ended twice");
            _cancellations.Remove(sequenceId);
            Volatile.Write(ref _openCount, _open.Count);
        }
    }

    /// <summary>From here on nothing is admitted.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }
}
