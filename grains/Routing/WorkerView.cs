using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>What the router knows of one worker: its last report, and the estimate of its load since then.</summary>
internal sealed class WorkerView
{
    // Output tokens of a running stream that count as work to come. Nobody knows how long an answer becomes; half of the usual
    // few hundred is what an average stream has left.
    private const int DecodeHorizon = 128;

    private const double PlainCost = 0.001;

    // What a worker measures depends on the prompt it has just computed: a token behind 100,000 others costs several times one at the
    // beginning, and says nothing about the next prompt. The cheapest compares workers; a machine that became slower for good is
    // believed at a thousandth for each new figure.
    private const double Forgetting = 1.001;

    private double _cheapestToken;
    private double _reportedToken;

    public WorkerView(int id, WorkerStatus status)
    {
        Id = id;
        Status = status;
        Report(status);
    }

    /// <summary>The worker's number in its table.</summary>
    public int Id { get; }

    public WorkerStatus Status { get; private set; }

    /// <summary>Sequences on the worker: as reported, and bookings and completions since.</summary>
    public int Load { get; private set; }

    /// <summary>Prompt tokens that are still to be computed there: as reported, and bookings since.</summary>
    public long QueuedTokens { get; private set; }

    public double LoadPerSlot => (double)Load / Math.Max(Status.Slots, 1);

    /// <summary>Seconds of work that the worker has in front of it, by its own measured costs.</summary>
    public double Work => (PrefillCost * QueuedTokens) + (Status.DecodeCost * DecodeHorizon * Status.Running);

    /// <summary>Seconds that a prompt token costs there at the least; a worker that has not measured any counts as a plain one.</summary>
    public double PrefillCost => _cheapestToken > 0 ? _cheapestToken : PlainCost;

    /// <summary>When the worker was last booked, in bookings of the whole router; 0 for never.</summary>
    public long LastBooking { get; private set; }

    /// <summary>When the last report came, as a timestamp of the router's clock.</summary>
    public long HeardAt { get; set; }

    /// <summary>False after a frontend could not reach it; the next report, which it must be alive to send, clears that.</summary>
    public bool Trusted { get; private set; }

    public bool Serves => Trusted && Status.State == WorkerState.Ready;

    public bool HasRoom => Load < Status.Slots + Status.QueueLimit;

    public void Report(WorkerStatus status)
    {
        NotePrefillCost(status.PrefillCost);
        Status = status;
        Load = status.Running + status.Waiting;
        QueuedTokens = status.QueuedTokens;
        Trusted = true;
    }

    /// <param name="tokens">Prompt tokens that the request leaves to compute.</param>
    /// <param name="booking">Counts the router's bookings.</param>
    public void Book(int tokens, long booking)
    {
        Load++;
        QueuedTokens += tokens;
        LastBooking = booking;
    }

    /// <param name="tokens">What was booked since the last report, and is computed or given up by now; 0 when a report has come since.</param>
    public void Release(int tokens = 0)
    {
        Load = Math.Max(Load - 1, 0);
        QueuedTokens = Math.Max(QueuedTokens - tokens, 0);
    }

    public void Distrust() => Trusted = false;

    // an idle worker tells the same figure again, which is no new one
    private void NotePrefillCost(double cost)
    {
        if (_cheapestToken == 0)
        {
            _cheapestToken = cost;
        }
        else if (cost > 0 && cost != _reportedToken)
        {
            _cheapestToken = Math.Min(_cheapestToken * Forgetting, cost);
        }

        _reportedToken = cost;
    }
}
