namespace DeepSeekOrleans.Simulation.Workers;

/// <summary>
/// The slots of one worker as its engine keeps them: what an ended sequence computed stays until its slot or its positions are
/// needed; then the least recently used goes, or loses its end.
/// </summary>
internal sealed class KvSlots(int slots, int capacity, int blockTokens)
{
    private readonly Slot[] _slots = [.. Enumerable.Range(0, slots).Select(_ => new Slot())];
    private readonly SortedSet<int> _changed = [];
    private long _clock;
    private int _residentTokens;
    private int _claimed;

    public bool HasRoomFor(int tokens) => _claimed + tokens <= capacity && Array.Exists(_slots, slot => !slot.IsLive);

    /// <summary>Slots whose content has changed since the last call, and what they hold now.</summary>
    public IEnumerable<(int Slot, ulong[] Blocks)> TakeChanges()
    {
        foreach (int slot in _changed)
        {
            yield return (slot, _slots[slot].Blocks);
        }

        _changed.Clear();
    }

    /// <summary>Gives a sequence a slot.</summary>
    /// <param name="tokens">Positions that it will need in all.</param>
    /// <returns>The slot, and how many of the blocks are computed already.</returns>
    public (int Slot, int Held) Take(ulong[] blocks, int tokens)
    {
        (int source, int held) = Longest(blocks);
        bool grows = source >= 0 && !_slots[source].IsLive && _slots[source].Blocks.Length == held;
        if (source >= 0)
        {
            _slots[source].LastUse = ++_clock;
        }

        int target = grows ? source : Victim();
        Slot slot = _slots[target];
        _residentTokens -= slot.Tokens;
        slot.IsLive = true;
        slot.Tokens = 0;
        _claimed += tokens;
        Hold(target, blocks[..held]);
        Shrink();
        return (target, held);
    }

    /// <summary>The prompt is computed: others can use it from now on.</summary>
    public void Computed(int slot, ulong[] blocks) => Hold(slot, blocks);

    /// <summary>The sequence has ended.</summary>
    /// <param name="tokens">Positions that it had claimed; they stay as long as nobody needs them.</param>
    public void Release(int slot, int tokens)
    {
        _claimed -= tokens;
        _slots[slot].IsLive = false;
        _slots[slot].LastUse = ++_clock;

        // the trace does not name what an answer adds, so nothing can come back for it
        _slots[slot].Tokens = _slots[slot].Blocks.Length * blockTokens;
        _residentTokens += _slots[slot].Tokens;
        Shrink();
    }

    private void Shrink()
    {
        while (_claimed + _residentTokens > capacity)
        {
            int victim = LeastRecent();
            int cut = Math.Min((_claimed + _residentTokens - capacity + blockTokens - 1) / blockTokens, _slots[victim].Blocks.Length);
            _residentTokens -= cut * blockTokens;
            _slots[victim].Tokens -= cut * blockTokens;
            Hold(victim, _slots[victim].Blocks[..^cut]);
        }
    }

    private void Hold(int slot, ulong[] blocks)
    {
        if (_slots[slot].Blocks.Length != blocks.Length || !_slots[slot].Blocks.AsSpan().SequenceEqual(blocks))
        {
            _slots[slot].Blocks = blocks;
            _changed.Add(slot);
        }
    }

    private (int Slot, int Held) Longest(ulong[] blocks)
    {
        (int Slot, int Held) best = (-1, 0);
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            int held = _slots[slot].Blocks.AsSpan().CommonPrefixLength(blocks);
            if (held > best.Held || (held == best.Held && held > 0 && !_slots[slot].IsLive && _slots[best.Slot].IsLive))
            {
                best = (slot, held);
            }
        }

        return best;
    }

    /// <summary>An empty slot, or that of the least recently used resident.</summary>
    private int Victim()
    {
        int empty = Array.FindIndex(_slots, slot => slot is { IsLive: false, Tokens: 0 });
        return empty >= 0 ? empty : LeastRecent();
    }

    private int LeastRecent()
    {
        int victim = -1;
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot] is { IsLive: false, Tokens: > 0 } && (victim < 0 || _slots[slot].LastUse < _slots[victim].LastUse))
            {
                victim = slot;
            }
        }

        return victim;
    }

    private sealed class Slot
    {
        public bool IsLive { get; set; }

        public ulong[] Blocks { get; set; } = [];

        /// <summary>Of a resident.</summary>
        public int Tokens { get; set; }

        public long LastUse { get; set; }
    }
}
