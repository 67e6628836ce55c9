namespace DeepSeekOrleans.Grains.Routing;

/// <summary>Any worker.</summary>
internal sealed class RandomPolicy(Random random) : IRoutingPolicy
{
    public double Rank(WorkerView worker) => 0;

    public WorkerView Choose(RouteQuery query, WorkerTable workers, PrefixIndex prefixes) => workers.Open[random.Next(workers.Open.Count)];
}
