using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Routing;

/// <summary>Worker reports with everything but the point of a test filled in.</summary>
internal static class Reports
{
    public const int BlockTokens = 16;

    public static WorkerKey Worker(string silo) => new(silo, "cpu0", "demo");

    public static WorkerStatus Of(string silo, int running = 0, int slots = 4, long number = 1, long queuedTokens = 0) => new()
    {
        Worker = Worker(silo),
        State = WorkerState.Ready,
        Number = number,
        Running = running,
        Waiting = 0,
        QueuedTokens = queuedTokens,
        PrefillCost = 0.001,
        DecodeCost = 0.001,
        Slots = slots,
        QueueLimit = 2,
        ContextLength = 512,
        ModelVersion = "v1",
    };

    /// <summary>What one slot holds.</summary>
    public static PrefixReport PrefixesOf(
        string silo, ulong[] blocks, long since = 0, long upTo = 1, long epoch = 1, int slot = 0, int blockTokens = BlockTokens) => new()
        {
            Worker = Worker(silo),
            Epoch = epoch,
            Since = since,
            UpTo = upTo,
            BlockTokens = blockTokens,
            Slots = [new SlotPrefix(slot, blocks)],
        };
}
