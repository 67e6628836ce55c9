using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R06: everything in Redis is gone from one moment to the next, and soon after a silo dies.</summary>
internal sealed class FlushedRedis : IScenario
{
    private const int Silos = 3;

    private static readonly TimeSpan ServeLimit = TimeSpan.FromSeconds(60);

    public string Id => "R06";

    public string Promise => "Redis may lose everything";

    public async Task RunAsync(Run run)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        RigCluster cluster = await RigCluster.StartAsync(run, Silos, "--redis", redis.Address, "--slots", "24");
        await using LoadedCluster loaded = await LoadedCluster.StartAsync(run, cluster, [cluster.Http], streams: 20, (80, 160));
        for (int round = 0; round < run.Scaled(1, 5); round++)
        {
            await run.PauseAsync(1, 3);
            loaded.Fault($"FLUSHALL: {await redis.SendAsync("FLUSHALL")}");
            await run.PauseAsync(0, 10);
            await ReplaceOneAsync(run, loaded);
        }

        HistorySummary summary = await loaded.EndAsync(minimumRate: 1);
        run.RequireNone(summary.BrokenRequests, "broken streams");
    }

    private static async Task ReplaceOneAsync(Run run, LoadedCluster loaded)
    {
        IReadOnlyList<SiloState> silos = await loaded.Cluster.ListAsync();
        SiloState victim = silos[run.Random.Next(silos.Count)];
        loaded.Fault("SIGKILL", victim);
        long killed = TimeProvider.System.GetTimestamp();
        await Signals.KillAsync(victim.ProcessId);
        string added = await loaded.Cluster.AddAsync();
        TimeSpan? served = await loaded.Cluster.WaitAsync(
            all => all.Count(silo => silo.State == "ready") == Silos && all.Any(silo => silo.Name == added && silo.OpenStreams > 0), ServeLimit);
        TimeSpan took = TimeProvider.System.GetElapsedTime(killed);
        loaded.Healed($"{added} serves");
        run.Require(served is not null && took <= ServeLimit, $"all silos serve again after {took.TotalSeconds:F1} s (at most {ServeLimit.TotalSeconds} s)");
    }
}
