using DeepSeekOrleans.Robustness.Scenarios;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness;

/// <summary>All scenarios, and how one is run.</summary>
internal static class Rig
{
    public static IReadOnlyList<IScenario> Scenarios { get; } =
    [
        new KilledSilos(),
        new FrozenSilos(),
        new RollingRestart(),
        new KilledFrontends(),
        new LostRedis(),
        new FlushedRedis(),
        new LocalLiveness(),
        new ColdStart(),
    ];

    /// <param name="print">Takes a line.</param>
    public static async Task<Verdict> RunAsync(IScenario scenario, RunSettings settings, Action<string> print)
    {
        print($"{scenario.Id} {scenario.Promise}, seed {settings.Seed}");
        if (!RedisServer.IsInstalled)
        {
            print("not available here: needs redis-server on the PATH (apt-get install redis-server)");
            return Verdict.Unavailable;
        }

        await using Run run = new(scenario.Id, settings, print);
        try
        {
            await scenario.RunAsync(run);
        }
        catch (Exception broken)
        {
            // the boundary of a scenario: whatever broke it is its result, and the others still run
            run.Require(false, $"the scenario ran to its end: {broken}");
        }

        print($"{scenario.Id} {run.Verdict}");
        if (run.Verdict is Verdict.Failed or Verdict.Void)
        {
            print($"replay: {settings.Replay(scenario.Id)}");
            print($"history and what the processes printed: {Path.ChangeExtension(run.History.Path, ".*")}");
        }

        return run.Verdict;
    }
}
