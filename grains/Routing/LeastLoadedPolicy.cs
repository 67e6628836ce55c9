namespace DeepSeekOrleans.Grains.Routing;

/// <summary>The smallest load per slot; among equals the one that was booked longest ago.</summary>
internal sealed class LeastLoadedPolicy : IRoutingPolicy
{
    public double Rank(WorkerView worker) => worker.LoadPerSlot;

    public WorkerView Choose(RouteQuery query, WorkerTable workers, PrefixIndex prefixes) => workers.Lowest!;
}
