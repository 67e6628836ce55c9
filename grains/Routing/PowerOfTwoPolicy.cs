namespace DeepSeekOrleans.Grains.Routing;

/// <summary>The one with less work of two that are drawn: no worker is overrun by routers that all saw it idle.</summary>
internal sealed class PowerOfTwoPolicy(Random random) : IRoutingPolicy
{
    public double Rank(WorkerView worker) => 0;

    public WorkerView Choose(RouteQuery query, WorkerTable workers, PrefixIndex prefixes)
    {
        WorkerView first = workers.Open[random.Next(workers.Open.Count)];
        WorkerView second = workers.Open[random.Next(workers.Open.Count)];
        return second.Work < first.Work ? second : first;
    }
}
