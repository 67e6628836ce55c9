using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R02: one silo after the other is stopped for a while and goes on as if nothing had been.</summary>
internal sealed class FrozenSilos : IScenario
{
    private const int Silos = 3;

    // a thawed silo that was declared dead meanwhile ends by itself
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(20);

    public string Id => "R02";

    public string Promise => "a paused silo cannot speak twice";

    public async Task RunAsync(Run run)
    {
        RigCluster cluster = await RigCluster.StartAsync(run, Silos, "--slots", "24");
        await using LoadedCluster loaded = await LoadedCluster.StartAsync(run, cluster, [cluster.Http], streams: 30, (80, 160));
        int wanted = run.Scaled(6, 60);
        int freezes = 0;
        while (freezes < wanted && !run.IsOver(run.Settings.IsLong ? TimeSpan.FromHours(2) : TimeSpan.FromMinutes(2)))
        {
            await run.PauseAsync(1, 3);
            await FreezeOneAsync(run, loaded);
            freezes++;
        }

        run.Say($"{freezes} of {wanted} pauses fitted into the time");
        HistorySummary summary = await loaded.EndAsync(minimumRate: 1);
        run.RequireNone(summary.BrokenRequests, "streams that did not complete");
        run.Require(summary.Moved > 0, $"streams have moved");
    }

    private static async Task FreezeOneAsync(Run run, LoadedCluster loaded)
    {
        IReadOnlyList<SiloState> silos = await loaded.Cluster.ListAsync();
        SiloState victim = silos[run.Random.Next(silos.Count)];
        loaded.Fault("SIGSTOP", victim);
        await Signals.FreezeAsync(victim.ProcessId);
        await run.PauseAsync(5, run.Settings.IsLong ? 40 : 8);
        await Signals.ThawAsync(victim.ProcessId);
        loaded.Healed($"SIGCONT {victim.Name}");

        // either it is one of the cluster again, or it finds out that it is not and goes
        await run.PauseAsync(2, 2);
        TimeSpan? settled = await loaded.Cluster.WaitAsync(
            all => all.FirstOrDefault(silo => silo.Name == victim.Name) is not { } thawed || thawed.State == "ready", SettleLimit);
        run.Require(settled is not null, $"{victim.Name} is ready or gone within {SettleLimit.TotalSeconds} s");
        if ((await loaded.Cluster.ListAsync()).Count < Silos)
        {
            loaded.Healed($"{await loaded.Cluster.AddAsync()} takes the place of {victim.Name}");
        }

        // two workers that are lost under one answer end it by design, and that is not what is tested here
        await loaded.AllNewAsync();
    }
}
