namespace DeepSeekOrleans.Grains.Routing;

/// <summary>Chooses among the workers that serve and have room.</summary>
internal interface IRoutingPolicy
{
    /// <summary>What the table keeps its workers ordered by; lower is better.</summary>
    double Rank(WorkerView worker);

    /// <param name="workers">At least one is open.</param>
    WorkerView Choose(RouteQuery query, WorkerTable workers, PrefixIndex prefixes);
}
