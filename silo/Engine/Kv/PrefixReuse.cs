using DeepSeekOrleans.Engine.Scheduling;

namespace DeepSeekOrleans.Engine.Kv;

/// <summary>
/// Gives slots to sequences together with what is already known of their prompts. A slot that is not live may hold a resident; the
/// longest common prefix with a resident or a live sequence of the same tenant, compared token by token, is not computed again.
/// </summary>
internal sealed class PrefixReuse(SlotTable slots, IModelRunner runner, PrefixCatalog catalog, double tenantShare)
{
    private readonly Resident?[] _residents = new Resident?[slots.Slots];
    private long _clock;

    public Resident? this[int slot] => _residents[slot];

    /// <summary>Takes the lowest free slot, so that live slots stay dense, and brings the longest known prefix there.</summary>
    public void Take(Sequence sequence)
    {
        (int source, int length) = Longest(sequence);
        slots.Take(sequence);
        int target = sequence.Slot;
        bool grows = source >= 0 && _residents[source]?.Length == length;
        if (source == target)
        {
            // what the new sequence does not share is overwritten; a copy is made only of a resident that would lose most of itself
            SaveElsewhere(target, spare: -1, isWanted: 2 * length < _residents[target]!.Length);
        }
        else
        {
            SaveElsewhere(target, spare: source, isWanted: true);
            if (length > 0)
            {
                runner.CopySlot(source, target, length);
            }
        }

        if (grows && source != target)
        {
            // the sequence holds all of it and more
            Drop(source);
        }
        else if (source >= 0 && _residents[source] is { } used)
        {
            used.LastUse = ++_clock;
        }

        sequence.StartAfter(length);
        Note(sequence);
    }

    /// <summary>Lets others know what a sequence's slot holds.</summary>
    public void Note(Sequence sequence) =>
        catalog.Set(sequence.Slot, sequence.Request.Tenant, sequence.Tokens.AsSpan(0, sequence.KvLength));

    /// <summary>Ends a sequence's ownership and keeps what its slot holds.</summary>
    public void Retire(Sequence sequence)
    {
        int slot = sequence.Slot;
        slots.Release(sequence);
        if (sequence.KvLength == 0)
        {
            catalog.Clear(slot);
            return;
        }

        Keep(slot, new Resident(sequence.Request.Tenant, sequence.Tokens) { Length = sequence.KvLength, LastUse = ++_clock });
    }

    /// <summary>Positions that residents hold.</summary>
    public int Held
    {
        get
        {
            int held = 0;
            foreach (Resident? resident in _residents)
            {
                held += resident?.Length ?? 0;
            }

            return held;
        }
    }

    /// <summary>
    /// Makes residents hold no more than so many positions: the least useful ones lose their ends, because what is left of a prefix is
    /// one too.
    /// </summary>
    public void ShrinkTo(int positions)
    {
        for (int excess = Held - positions; excess > 0;)
        {
            int victim = LeastUseful();
            Resident resident = _residents[victim]!;
            int cut = Math.Min(excess, resident.Length);
            resident.Length -= cut;
            excess -= cut;
            catalog.Cut(victim, resident.Length);
            if (resident.Length == 0)
            {
                Drop(victim);
            }
        }
    }

    /// <summary>Moves the last live slot into the lowest hole, and what was resident there elsewhere.</summary>
    public void CloseHole()
    {
        Sequence last = slots.Last;
        int left = last.Slot;
        int hole = slots.LowestFree;
        SaveElsewhere(hole, spare: -1, isWanted: true);
        if (last.KvLength > 0)
        {
            runner.CopySlot(last.Slot, hole, last.KvLength);
        }

        slots.Move(last, hole);
        Note(last);
        catalog.Clear(left);
    }

    private void Keep(int slot, Resident resident)
    {
        _residents[slot] = resident;
        catalog.Set(slot, resident.Tenant, resident.Tokens.AsSpan(0, resident.Length));
    }

    private void Drop(int slot)
    {
        _residents[slot] = null;
        catalog.Clear(slot);
    }

    /// <summary>The logits of the last input token have to be computed, so at least that one is left to prefill.</summary>
    private (int Source, int Length) Longest(Sequence sequence)
    {
        ReadOnlySpan<int> input = sequence.Tokens.AsSpan(0, sequence.InputLength - 1);
        (int Source, int Length) best = (-1, 0);
        for (int slot = 0; slot < _residents.Length; slot++)
        {
            int common = slots[slot] is { } live
                ? Common(input, sequence, live.Request.Tenant, live.Tokens, live.KvLength)
                : _residents[slot] is { } resident ? Common(input, sequence, resident.Tenant, resident.Tokens, resident.Length) : 0;
            if (common > best.Length)
            {
                best = (slot, common);
            }
        }

        return best;
    }

    private static int Common(ReadOnlySpan<int> input, Sequence sequence, string tenant, int[] tokens, int length) =>
        string.Equals(tenant, sequence.Request.Tenant, StringComparison.Ordinal) ? input.CommonPrefixLength(tokens.AsSpan(0, length)) : 0;

    /// <summary>Empties a slot; a resident that is wanted moves to an empty slot, or to that of the least useful one.</summary>
    private void SaveElsewhere(int slot, int spare, bool isWanted)
    {
        Resident? resident = _residents[slot];
        int victim = resident is not null && isWanted ? Victim(slot, spare) : slot;
        if (victim != slot)
        {
            runner.CopySlot(slot, victim, resident!.Length);
            Keep(victim, resident);
        }

        Drop(slot);
    }

    /// <summary>
    /// An empty slot; without one, the least recently used resident of a tenant that has more than its share; without such a tenant,
    /// the least recently used of all, which may be the slot's own.
    /// </summary>
    private int Victim(int slot, int spare)
    {
        int victim = slot;
        bool victimIsOver = IsOverShare(_residents[slot]!.Tenant);
        for (int other = 0; other < _residents.Length; other++)
        {
            if (slots[other] is not null || other == spare || other == slot)
            {
                continue;
            }

            if (_residents[other] is not { } candidate)
            {
                return other;
            }

            bool isOver = IsOverShare(candidate.Tenant);
            if (isOver == victimIsOver ? candidate.LastUse < _residents[victim]!.LastUse : isOver)
            {
                victim = other;
                victimIsOver = isOver;
            }
        }

        return victim;
    }

    /// <summary>The least recently used resident, of the tenants above their share where there are such.</summary>
    private int LeastUseful()
    {
        int victim = -1;
        for (int slot = 0; slot < _residents.Length; slot++)
        {
            if (_residents[slot] is { } candidate && (victim < 0 || IsLessUseful(candidate, _residents[victim]!)))
            {
                victim = slot;
            }
        }

        return victim;
    }

    private bool IsLessUseful(Resident a, Resident b)
    {
        bool isOver = IsOverShare(a.Tenant);
        return isOver == IsOverShare(b.Tenant) ? a.LastUse < b.LastUse : isOver;
    }

    private bool IsOverShare(string tenant)
    {
        int own = 0;
        foreach (Resident? resident in _residents)
        {
            own += resident is not null && string.Equals(resident.Tenant, tenant, StringComparison.Ordinal) ? 1 : 0;
        }

        return own > tenantShare * _residents.Length;
    }
}
