namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// The worker that costs everybody least: what it has still to compute of the prompt, and the work before it, within the bounded load.
/// A prefix that is hot goes to further workers on purpose.
/// </summary>
internal sealed class PrefixAwarePolicy(Random random) : IRoutingPolicy
{
    // Holders that are looked at, the longest prefixes first. Shorter ones save little that the idlest worker does not save too.
    private const int MostHolders = 16;

    // workers that are looked at before one with little work is found that may take more
    private const int MostLooks = 32;

    // A second of computing delays not this request alone, but all that come until the worker has nothing to do: 1 / (1 - load) of
    // them, which is four on a cluster that is three quarters busy. A second of waiting is this request's own. Measured on a chat
    // trace, from 2 to 8 all are better than 1, and less at the ends.
    private const double DelayedByComputing = 4;

    private readonly HotPrefixes _hot = new();

    public double Rank(WorkerView worker) => worker.Work;

    public WorkerView Choose(RouteQuery query, WorkerTable workers, PrefixIndex prefixes)
    {
        _hot.CountRequest();
        WorkerView idlest = Idlest(workers);
        double idlestCost = Cost(idlest, query, prefixes);
        if (BestHolder(query, workers, prefixes) is not { } holder)
        {
            return Drawn(idlest, idlestCost, query, workers, prefixes);
        }

        if (Cost(holder, query, prefixes) > idlestCost)
        {
            return Drawn(idlest, idlestCost, query, workers, prefixes);
        }

        return WantsReplica(holder, query, workers, prefixes) && idlest.Work < holder.Work ? idlest : holder;
    }

    /// <summary>Seconds of waiting, of all that wait.</summary>
    private static double Cost(WorkerView worker, RouteQuery query, int heldBlocks) =>
        worker.Work + (DelayedByComputing * worker.PrefillCost * query.TokensLeft(heldBlocks));

    private static double Cost(WorkerView worker, RouteQuery query, PrefixIndex prefixes) =>
        Cost(worker, query, prefixes.HeldBy(worker.Id, query.Blocks));

    /// <summary>The cheapest of those that hold the longest prefixes and may take more; null when there is none.</summary>
    private static WorkerView? BestHolder(RouteQuery query, WorkerTable workers, PrefixIndex prefixes)
    {
        WorkerView? best = null;
        double bestCost = double.PositiveInfinity;
        int seen = 0;

        // prefixes of the same holders are one step: the longest first, then the longest that has more holders; who holds more than that
        // has been seen with it before, at a lower cost
        for (int known = 0; seen < MostHolders;)
        {
            int held = prefixes.HeldByMoreThan(known, query.Blocks);
            if (held == 0)
            {
                break;
            }

            HolderSet holders = prefixes.HoldersOf(query.Blocks[held - 1]);
            known = holders.Count;
            for (int i = 0; i < known && seen < MostHolders; i++)
            {
                seen++;
                if (workers.IsOpen(holders[i]) && workers[holders[i]] is { } worker && BoundedLoad.Allows(worker, workers)
                    && Cost(worker, query, held) is var cost && cost < bestCost)
                {
                    (best, bestCost) = (worker, cost);
                }
            }
        }

        return best;
    }

    /// <summary>
    /// The open worker with the least work that the bounded load allows. Where short requests have filled those of the least work, the
    /// best of some that are drawn: to look at all of them for every request is too slow in a large cluster.
    /// </summary>
    private WorkerView Idlest(WorkerTable workers)
    {
        if (workers.FindLowest(BoundedLoad.Allows, MostLooks) is { } lowest)
        {
            return lowest;
        }

        WorkerView? best = null;
        for (int draw = 0; draw < MostLooks; draw++)
        {
            WorkerView drawn = workers.Open[random.Next(workers.Open.Count)];
            if (BoundedLoad.Allows(drawn, workers) && (best is null || drawn.Work < best.Work))
            {
                best = drawn;
            }
        }

        return best ?? workers.Lowest!;
    }

    /// <summary>Whether more workers should hold the request's longest known prefix than do.</summary>
    private bool WantsReplica(WorkerView holder, RouteQuery query, WorkerTable workers, PrefixIndex prefixes)
    {
        ulong prefix = query.Blocks[prefixes.HeldBy(holder.Id, query.Blocks) - 1];
        return prefixes.HoldersOf(prefix).Count < _hot.Replicas(prefix, workers.Open.Count);
    }

    /// <summary>Where no holder is worth it, two are drawn beside the idlest and break a tie: several routers do not all take the same.</summary>
    private WorkerView Drawn(WorkerView idlest, double idlestCost, RouteQuery query, WorkerTable workers, PrefixIndex prefixes)
    {
        WorkerView first = workers.Open[random.Next(workers.Open.Count)];
        WorkerView second = workers.Open[random.Next(workers.Open.Count)];
        WorkerView drawn = second.Work < first.Work ? second : first;
        return Cost(drawn, query, prefixes) <= idlestCost && BoundedLoad.Allows(drawn, workers) ? drawn : idlest;
    }
}
