using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Simulation;

/// <summary>The policies that are compared, by the names of tables and plots.</summary>
internal static class Policies
{
    public const string PrefixAware = "prefix-aware";
    public const string RoundRobin = "round robin";
    public const string PowerOfTwo = "power of two";

    public static IReadOnlyList<string> All { get; } = [PrefixAware, "least loaded", PowerOfTwo, "random", RoundRobin];

    /// <summary>A new one for each run, because policies remember.</summary>
    public static IRoutingPolicy Create(string name, int seed) => name switch
    {
        PrefixAware => new PrefixAwarePolicy(new Random(seed)),
        "least loaded" => new LeastLoadedPolicy(),
        PowerOfTwo => new PowerOfTwoPolicy(new Random(seed)),
        "random" => new RandomPolicy(new Random(seed)),
        RoundRobin => new RoundRobinPolicy(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such policy"),
    };
}
