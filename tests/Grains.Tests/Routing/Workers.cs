using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

/// <summary>A table of workers that a policy chooses from, named by their numbers.</summary>
internal sealed class Workers
{
    private readonly IRoutingPolicy _policy;
    private long _bookings;

    public Workers(IRoutingPolicy policy, params (int Running, long QueuedTokens)[] loads)
    {
        _policy = policy;
        Table = new WorkerTable(policy.Rank);
        foreach ((int running, long queuedTokens) in loads)
        {
            Add(Reports.Of($"w{Table.NextId}", running, slots: 16, queuedTokens: queuedTokens));
        }
    }

    public WorkerTable Table { get; }

    public PrefixIndex Prefixes { get; } = new();

    public WorkerView Add(WorkerStatus status)
    {
        var worker = new WorkerView(Table.NextId, status);
        Table.Add(worker);
        return worker;
    }

    /// <summary>Chooses and books.</summary>
    public int Route(params ulong[] blocks)
    {
        WorkerView chosen = Choose(blocks);
        chosen.Book(Query(blocks).TokensLeft(Prefixes.HeldBy(chosen.Id, blocks)), ++_bookings);
        Table.Update(chosen);
        return chosen.Id;
    }

    /// <summary>Chooses for a prompt of these blocks and nothing else.</summary>
    public WorkerView Choose(params ulong[] blocks) => _policy.Choose(Query(blocks), Table, Prefixes);

    private static RouteQuery Query(ulong[] blocks) =>
        new(blocks, Math.Max(blocks.Length * Reports.BlockTokens, 1), Reports.BlockTokens);
}
