using DeepSeekOrleans.Simulation.Workers;

namespace DeepSeekOrleans.Simulation.Tests;

public sealed class KvSlotsTests
{
    [Fact]
    public void Take_PromptOfAnEndedSequence_FindsItsBlocks()
    {
        var slots = new KvSlots(slots: 2, capacity: 1_000, blockTokens: 10);
        Serve(slots, [1, 2, 3], tokens: 35);

        Assert.Equal(2, slots.Take([1, 2, 9], tokens: 40).Held);
    }

    [Fact]
    public void Take_PositionsRunOut_CutsTheLeastRecentlyUsed()
    {
        var slots = new KvSlots(slots: 4, capacity: 100, blockTokens: 10);
        Serve(slots, [1, 2, 3], tokens: 30);
        Serve(slots, [7, 8, 9], tokens: 30);

        slots.Take([20], tokens: 55);

        Assert.Equal((1, 3), (slots.Take([1, 2, 3], tokens: 1).Held, slots.Take([7, 8, 9], tokens: 1).Held));
    }

    [Fact]
    public void TakeChanges_ConversationGrows_TellsOneSlot()
    {
        var slots = new KvSlots(slots: 4, capacity: 1_000, blockTokens: 10);
        Serve(slots, [1, 2], tokens: 25);
        _ = slots.TakeChanges().ToArray();

        Serve(slots, [1, 2, 3], tokens: 35);

        Assert.Equal([1UL, 2UL, 3UL], Assert.Single(slots.TakeChanges()).Blocks);
    }

    private static void Serve(KvSlots slots, ulong[] blocks, int tokens)
    {
        int slot = slots.Take(blocks, tokens).Slot;
        slots.Computed(slot, blocks);
        slots.Release(slot, tokens);
    }
}
