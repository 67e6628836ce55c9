using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R04: the second of two frontends is killed again and again.</summary>
internal sealed class KilledFrontends : IScenario
{
    private static readonly TimeSpan OrphanLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    public string Id => "R04";

    public string Promise => "a frontend's death costs only its own connections";

    public async Task RunAsync(Run run)
    {
        // long answers, which do not end by themselves within the limit
        RigCluster cluster = await RigCluster.StartAsync(run, silos: 2, "--frontends", "2", "--slots", "24");
        await using LoadedCluster loaded = await LoadedCluster.StartAsync(run, cluster, cluster.Frontends, streams: 15, (200, 400));
        int wanted = run.Scaled(5, 50);
        int kills = 0;
        while (kills < wanted && !run.IsOver(run.Settings.IsLong ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(2)))
        {
            await run.PauseAsync(2, 4);
            await KillSecondAsync(run, loaded);
            kills++;
        }

        run.Say($"{kills} of {wanted} kills fitted into the time");
        HistorySummary summary = await loaded.EndAsync(minimumRate: 0.5);
        string first = cluster.Frontends[0].Authority;
        run.RequireNone([.. summary.Broken.Where(request => request.Frontend == first).Select(HistoryChecker.Describe)], "broken streams of the other frontend");
        run.Require(summary.Broken.Any(request => request.Frontend != first), $"connections of the killed frontend broke");
    }

    private static async Task KillSecondAsync(Run run, LoadedCluster loaded)
    {
        FrontendState victim = (await loaded.Cluster.ListFrontendsAsync())[1];
        loaded.Fault($"SIGKILL {victim.Http} (process {victim.ProcessId})");
        long killed = TimeProvider.System.GetTimestamp();
        HashSet<int> orphans = loaded.OpenAt(frontend: 1);
        await Signals.KillAsync(victim.ProcessId);
        await loaded.AllNewAsync(orphans);

        // what the silos still compute and no client waits for belongs to the dead frontend
        TimeSpan? freed = await loaded.Cluster.WaitAsync(silos => silos.Sum(silo => silo.OpenStreams) <= loaded.Open, OrphanLimit * 5);
        TimeSpan took = TimeProvider.System.GetElapsedTime(killed);
        run.Require(freed is not null && took <= OrphanLimit, $"its {orphans.Count} streams were cancelled after {took.TotalSeconds:F1} s (at most {OrphanLimit.TotalSeconds} s)");
        await AwaitRestartAsync(run, loaded.Cluster, victim, killed);
    }

    private static async Task AwaitRestartAsync(Run run, RigCluster cluster, FrontendState victim, long killed)
    {
        bool isBack;
        do
        {
            await Task.Delay(LookInterval);
            FrontendState now = (await cluster.ListFrontendsAsync())[1];
            isBack = now.ProcessId != victim.ProcessId && now.State == FrontendState.Running;
        }
        while (!isBack && TimeProvider.System.GetElapsedTime(killed) < RestartLimit);

        run.Require(isBack, $"it was started again after {TimeProvider.System.GetElapsedTime(killed).TotalSeconds:F1} s");
    }
}
