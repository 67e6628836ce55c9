using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R01: one silo after the other is killed, and another one takes its place.</summary>
internal sealed class KilledSilos : IScenario
{
    private const int Silos = 3;
    private const int Streams = 40;

    // so many that two silos have room for all streams
    private const int Slots = 24;

    private static readonly TimeSpan CapacityLimit = TimeSpan.FromSeconds(30);

    public string Id => "R01";

    public string Promise => "killing any silo loses no token";

    public async Task RunAsync(Run run)
    {
        RigCluster cluster = await RigCluster.StartAsync(run, Silos, "--slots", $"{Slots}");
        await using LoadedCluster loaded = await LoadedCluster.StartAsync(run, cluster, [cluster.Http], Streams, (80, 160));
        int wanted = run.Scaled(12, 200);
        int kills = 0;
        while (kills < wanted && !run.IsOver(run.Settings.IsLong ? TimeSpan.FromHours(2) : TimeSpan.FromMinutes(4)))
        {
            await run.PauseAsync(2, run.Settings.IsLong ? 15 : 4);
            await KillOneAsync(run, loaded);
            kills++;
        }

        run.Say($"{kills} of {wanted} kills fitted into the time");
        HistorySummary summary = await loaded.EndAsync(minimumRate: 1);
        run.RequireNone(summary.BrokenRequests, "streams that did not complete");
        run.Require(summary.Moved > 0, $"streams have moved");
        run.Compare("next token of a moved stream, median", MovedGaps.Quantile(summary.Gaps, 0.5) / 1000, 1, "s");
        run.Compare("next token of a moved stream, p99", MovedGaps.Quantile(summary.Gaps, 0.99) / 1000, 3, "s");
    }

    private static async Task KillOneAsync(Run run, LoadedCluster loaded)
    {
        IReadOnlyList<SiloState> silos = await loaded.Cluster.ListAsync();
        SiloState victim = silos[run.Random.Next(silos.Count)];
        loaded.Fault("SIGKILL", victim);
        long killed = TimeProvider.System.GetTimestamp();
        await Signals.KillAsync(victim.ProcessId);
        string added = await loaded.Cluster.AddAsync();
        TimeSpan? served = await loaded.Cluster.WaitAsync(
            all => all.Count(silo => silo.State == "ready") == Silos && all.Any(silo => silo.Name == added && silo.OpenStreams > 0), CapacityLimit);
        TimeSpan took = TimeProvider.System.GetElapsedTime(killed);
        loaded.Healed($"{added} serves");
        run.Require(served is not null && took <= CapacityLimit, $"capacity back in {took.TotalSeconds:F1} s (at most {CapacityLimit.TotalSeconds} s)");
    }
}
