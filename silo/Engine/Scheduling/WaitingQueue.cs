namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// Sequences without a slot: within a tenant those whose answer has begun, here or elsewhere, then by priority, then first come first
/// served; round robin between tenants, whatever their priorities. Before all of them come those that ran when the engine broke, on trial: each has to get a token further before the next
/// one, or anybody else, is let in.
/// </summary>
internal sealed class WaitingQueue
{
    private readonly Dictionary<string, TenantLane> _lanes = new(StringComparer.Ordinal);

    /// <summary>The lanes with waiting sequences, in the order of their next turn.</summary>
    private readonly LinkedList<TenantLane> _rotation = new();

    private readonly LinkedList<Sequence> _suspects = new();
    private Sequence? _lastSuspect;
    private long _arrivals;

    public int Count { get; private set; }

    /// <summary>
    /// The sequence that <see cref="TryDequeue"/> would take: the next suspect or, without any, the first of the tenant whose turn it
    /// is. Null when nobody waits, or while a suspect is tried alone.
    /// </summary>
    public Sequence? Next => IsClosed ? null : NextSuspect?.Value ?? _rotation.First?.Value.Waiting.First!.Value;

    public IEnumerable<Sequence> All => _suspects.Concat(_rotation.SelectMany(lane => lane.Waiting));

    /// <summary>The suspect that runs and is not cleared yet; null also while it has lost its slot, so that others can go on.</summary>
    public Sequence? OnTrial => _lastSuspect is { IsCleared: false, Slot: not Sequence.NoSlot } ? _lastSuspect : null;

    private bool IsClosed => OnTrial is { IsTriedAlone: true };

    private LinkedListNode<Sequence>? NextSuspect => OnTrial is null ? _suspects.First : null;

    /// <summary>Tenants with waiting or running sequences.</summary>
    public int Tenants => _lanes.Count;

    /// <summary>
    /// Makes a sequence of the request and puts it behind those of its tenant that have its priority or a higher one; one whose answer has
    /// begun behind the others that have.
    /// </summary>
    /// <param name="breaks">See <see cref="Sequence.Breaks"/>.</param>
    public Sequence Enqueue(GenerationRequest request, int breaks = 0)
    {
        TenantLane lane = LaneOf(request.Tenant);
        if (lane.Waiting.Count == 0)
        {
            _rotation.AddLast(lane);
        }

        var sequence = new Sequence(request, lane, _arrivals++) { Breaks = breaks };
        Insert(lane.Waiting, sequence);
        lane.Open++;
        Count++;
        return sequence;
    }

    /// <summary>Makes a sequence of a request that ran when an engine broke; it comes before all others but earlier suspects.</summary>
    /// <param name="triedAlone">See <see cref="Sequence.IsTriedAlone"/>.</param>
    public Sequence EnqueueSuspect(GenerationRequest request, int breaks, bool triedAlone)
    {
        TenantLane lane = LaneOf(request.Tenant);
        var sequence = new Sequence(request, lane, _arrivals++) { Breaks = breaks, IsTriedAlone = triedAlone };
        _suspects.AddLast(sequence);
        lane.Open++;
        Count++;
        return sequence;
    }

    /// <summary>Takes the next suspect or, without any, the first sequence of the tenant whose turn it is.</summary>
    public bool TryDequeue(out Sequence sequence)
    {
        if (NextSuspect is { } suspect)
        {
            _suspects.RemoveFirst();
            Count--;
            sequence = _lastSuspect = suspect.Value;
            return true;
        }

        if (IsClosed || _rotation.First is not { } turn)
        {
            sequence = null!;
            return false;
        }

        TenantLane lane = turn.Value;
        sequence = lane.Waiting.First!.Value;
        lane.Waiting.RemoveFirst();
        Count--;
        _rotation.RemoveFirst();
        if (lane.Waiting.Count > 0)
        {
            _rotation.AddLast(turn);
        }

        return true;
    }

    /// <summary>Puts a sequence that lost its slot before all others of its tenant.</summary>
    public void Return(Sequence sequence)
    {
        TenantLane lane = sequence.Lane;
        if (lane.Waiting.Count == 0)
        {
            _rotation.AddLast(lane);
        }

        lane.Waiting.AddFirst(sequence);
        Count++;
    }

    /// <summary>Takes out a sequence that ends before it had a slot.</summary>
    public void Remove(Sequence sequence)
    {
        Count--;
        if (_suspects.Remove(sequence))
        {
            return;
        }

        Ensure.That(sequence.Lane.Waiting.Remove(sequence), "a sequence without a slot does not wait");
        if (sequence.Lane.Waiting.Count == 0)
        {
            _rotation.Remove(sequence.Lane);
        }
    }

    /// <summary>The sequence has ended, wherever it was; a lane without open sequences is forgotten.</summary>
    public void Leave(Sequence sequence)
    {
        if (sequence == _lastSuspect)
        {
            _lastSuspect = null;
        }

        if (--sequence.Lane.Open == 0)
        {
            _lanes.Remove(sequence.Lane.Tenant);
        }
    }

    /// <summary>Begun answers stay in front: somebody reads them, and waits in the middle of a sentence.</summary>
    private static void Insert(LinkedList<Sequence> waiting, Sequence sequence)
    {
        LinkedListNode<Sequence>? before = waiting.Last;
        while (before is { Value.HasBegun: false } && (sequence.HasBegun || before.Value.Request.Priority < sequence.Request.Priority))
        {
            before = before.Previous;
        }

        if (before is null)
        {
            waiting.AddFirst(sequence);
        }
        else
        {
            waiting.AddAfter(before, sequence);
        }
    }

    private TenantLane LaneOf(string tenant)
    {
        if (!_lanes.TryGetValue(tenant, out TenantLane? lane))
        {
            lane = new TenantLane(tenant);
            _lanes.Add(tenant, lane);
        }

        return lane;
    }
}
