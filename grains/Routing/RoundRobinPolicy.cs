namespace DeepSeekOrleans.Grains.Routing;

/// <summary>The worker that was booked longest ago, whatever its load.</summary>
internal sealed class RoundRobinPolicy : IRoutingPolicy
{
    public double Rank(WorkerView worker) => 0;

    public WorkerView Choose(RouteQuery query, WorkerTable workers, PrefixIndex prefixes) => workers.Lowest!;
}
