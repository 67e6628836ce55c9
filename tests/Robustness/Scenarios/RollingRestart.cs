using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R03: each silo in turn is asked to go by SIGTERM and replaced, under load.</summary>
internal sealed class RollingRestart : IScenario
{
    private const int Silos = 3;

    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    public string Id => "R03";

    public string Promise => "a rolling restart is invisible";

    public async Task RunAsync(Run run)
    {
        RigCluster cluster = await RigCluster.StartAsync(run, Silos, "--slots", "24");
        await using LoadedCluster loaded = await LoadedCluster.StartAsync(run, cluster, [cluster.Http], streams: 20, (80, 160));
        int wanted = run.Scaled(2, 20);
        int rounds = 0;
        while (rounds < wanted && !run.IsOver(run.Settings.IsLong ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(2)))
        {
            foreach (SiloState leaving in await cluster.ListAsync())
            {
                await run.PauseAsync(1, 3);
                await ReplaceAsync(run, loaded, leaving);
            }

            rounds++;
        }

        run.Say($"{rounds} of {wanted} rounds fitted into the time");
        HistorySummary summary = await loaded.EndAsync(minimumRate: 1);
        run.RequireNone(summary.BrokenRequests, "streams that did not complete");
        run.Require(summary.Count(Outcome.Refused) == 0, $"no request was refused ({summary.Count(Outcome.Refused)})");
    }

    private static async Task ReplaceAsync(Run run, LoadedCluster loaded, SiloState leaving)
    {
        SiloState now = (await loaded.Cluster.ListAsync()).First(silo => silo.Name == leaving.Name);
        loaded.Fault("SIGTERM", now);
        long asked = TimeProvider.System.GetTimestamp();
        await Signals.TerminateAsync(leaving.ProcessId);
        while (Signals.Runs(leaving.ProcessId) && TimeProvider.System.GetElapsedTime(asked) < ExitLimit * 4)
        {
            await Task.Delay(LookInterval);
        }

        TimeSpan took = TimeProvider.System.GetElapsedTime(asked);
        run.Require(took <= ExitLimit, $"{leaving.Name} ended {took.TotalSeconds:F1} s after SIGTERM (at most {ExitLimit.TotalSeconds} s)");
        loaded.Healed($"{await loaded.Cluster.AddAsync()} has been added");
    }
}
