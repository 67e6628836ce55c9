using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R05: the Redis server is killed, then silent, then slow; afterwards the membership is what it was.</summary>
internal sealed class LostRedis : IScenario
{
    private const int Silos = 3;

    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(30);

    public string Id => "R05";

    public string Promise => "Redis may die";

    public async Task RunAsync(Run run)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisRelay relay = new(redis.Port);
        RigCluster cluster = await RigCluster.StartAsync(run, Silos, "--redis", relay.Address, "--slots", "24");
        await using LoadedCluster loaded = await LoadedCluster.StartAsync(run, cluster, [cluster.Http], streams: 20, (80, 160));
        int wanted = run.Scaled(1, 10);
        for (int round = 0; round < wanted && !run.IsOver(TimeSpan.FromHours(1)); round++)
        {
            await DisturbAsync(run, loaded, redis, relay);
        }

        await JoinAsync(run, loaded);
        HistorySummary summary = await loaded.EndAsync(minimumRate: 1);
        run.RequireNone(summary.BrokenRequests, "broken streams");
        run.Require(summary.Count(Outcome.Refused) == 0, $"no request was refused ({summary.Count(Outcome.Refused)})");
    }

    private static async Task DisturbAsync(Run run, LoadedCluster loaded, RedisServer redis, RedisRelay relay)
    {
        double scale = run.Settings.IsLong ? 1 : 0.4;
        await run.PauseAsync(1, 2);
        loaded.Fault("SIGKILL of redis-server");
        await redis.KillAsync();
        await run.PauseAsync(30 * scale, 30 * scale);
        await redis.RestartAsync();
        loaded.Healed("redis-server is back, and empty");

        await run.PauseAsync(2, 4);
        loaded.Fault("SIGSTOP of redis-server");
        await redis.FreezeAsync();
        await run.PauseAsync(20 * scale, 20 * scale);
        await redis.ThawAsync();
        loaded.Healed("SIGCONT of redis-server");

        await run.PauseAsync(2, 4);
        loaded.Fault("300 ms more each way");
        relay.Delay = Latency;
        await run.PauseAsync(20 * scale, 20 * scale);
        relay.Delay = TimeSpan.Zero;
        loaded.Healed("no delay");
    }

    /// <summary>Who joins finds the others only if they have written themselves down again.</summary>
    private static async Task JoinAsync(Run run, LoadedCluster loaded)
    {
        string added = await loaded.Cluster.AddAsync();
        TimeSpan? served = await loaded.Cluster.WaitAsync(
            all => all.Count(silo => silo.State == "ready") == Silos + 1 && all.Any(silo => silo.Name == added && silo.OpenStreams > 0), JoinLimit);
        run.Require(served is not null, $"{added}, which joined afterwards, serves within {JoinLimit.TotalSeconds} s");
    }
}
