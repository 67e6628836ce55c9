using DeepSeekOrleans.Engine.Scheduling;

namespace DeepSeekOrleans.Engine.Kv;

/// <summary>
/// How many positions all sequences and residents may hold together. A running sequence claims what it holds after the next step, one
/// that is prefilled its whole input, so that no step of an admitted prompt finds the capacity taken.
/// </summary>
internal sealed class KvCapacity(SlotTable slots, int positions)
{
    public int Positions => positions;

    /// <summary>By all running sequences.</summary>
    public int Claimed
    {
        get
        {
            int claimed = 0;
            for (int slot = 0; slot < slots.Extent; slot++)
            {
                claimed += slots[slot] is { } live ? Claim(live) : 0;
            }

            return claimed;
        }
    }

    /// <summary>The running sequences claim more than there is; a single one never does, because it was admitted.</summary>
    public bool IsExceeded => Claimed > positions;

    /// <summary>The running sequence that came last.</summary>
    public Sequence Youngest
    {
        get
        {
            Sequence youngest = slots.Last;
            for (int slot = 0; slot < slots.Extent; slot++)
            {
                if (slots[slot] is { } live && live.Arrival > youngest.Arrival)
                {
                    youngest = live;
                }
            }

            return youngest;
        }
    }

    /// <summary>A waiting sequence's input and first token fit beside those that run; alone, every admitted sequence fits.</summary>
    public bool HasRoomFor(Sequence waiting) => slots.Occupied == 0 || Claimed + waiting.InputLength + 1 <= positions;

    private static int Claim(Sequence live) => live.IsPrefilling ? live.InputLength : live.KvLength + 1;
}
