namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// Who owns which KV slot. A decode run covers the slots from 0 up, so live slots are kept dense: a free slot below the last live
/// one is a hole, which a waiting sequence or the last live slot fills before the next run.
/// </summary>
internal sealed class SlotTable(int slots)
{
    private readonly Sequence?[] _owners = new Sequence?[slots];

    public int Slots => _owners.Length;

    /// <summary>Slots with an owner.</summary>
    public int Occupied { get; private set; }

    /// <summary>One more than the highest slot with an owner.</summary>
    public int Extent { get; private set; }

    public bool HasFree => Occupied < Slots;

    public bool HasHole => Occupied < Extent;

    public Sequence? this[int slot] => _owners[slot];

    /// <summary>The sequence in the highest live slot.</summary>
    public Sequence Last => _owners[Extent - 1]!;

    public int LowestFree => Array.IndexOf(_owners, null);

    /// <summary>Gives the lowest free slot to a sequence that has none.</summary>
    public void Take(Sequence sequence)
    {
        Ensure.That(sequence.Slot == Sequence.NoSlot, "a sequence takes a second slot");
        int slot = LowestFree;
        Ensure.That(slot >= 0, "no slot is free");
        Place(sequence, slot);
        Occupied++;
        Extent = Math.Max(Extent, slot + 1);
    }

    public void Release(Sequence sequence)
    {
        Ensure.That(_owners[sequence.Slot] == sequence, "a slot is released by a stranger");
        _owners[sequence.Slot] = null;
        sequence.Slot = Sequence.NoSlot;
        Occupied--;
        ShrinkExtent();
    }

    /// <summary>Makes a sequence the owner of a free slot instead of its own.</summary>
    public void Move(Sequence sequence, int target)
    {
        Ensure.That(_owners[target] is null, "a slot is moved onto a live one");
        _owners[sequence.Slot] = null;
        Place(sequence, target);
        ShrinkExtent();
    }

    private void Place(Sequence sequence, int slot)
    {
        _owners[slot] = sequence;
        sequence.Slot = slot;
    }

    private void ShrinkExtent()
    {
        while (Extent > 0 && _owners[Extent - 1] is null)
        {
            Extent--;
        }
    }
}
