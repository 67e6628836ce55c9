using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.Robustness.Load;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R23: starts from nothing, every other one before there is a Redis server.</summary>
internal sealed class ColdStart : IScenario
{
    private const double MaxRedisDelaySeconds = 4;
    private const int LaterRequests = 3;
    private const double MaxPenalty = 2;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    public string Id => "R23";

    public string Promise => "a cold start is ready soon after what it depends on";

    public async Task RunAsync(Run run)
    {
        int wanted = run.Scaled(10, 50);
        List<double> penalties = [];
        int starts = 0;
        while (starts < wanted && !run.IsOver(run.Settings.IsLong ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(2)))
        {
            penalties.Add(await StartAsync(run, isRedisLate: starts % 2 == 1));
            starts++;
        }

        penalties.Sort();
        run.Say($"{starts} of {wanted} starts fitted into the time");
        double penalty = MovedGaps.Quantile(penalties, 0.5);
        run.Require(penalty <= MaxPenalty, $"first request against a later one, median of the starts: {penalty:F2} times (at most {MaxPenalty})");
    }

    /// <returns>How many times as long as a later one the first request took.</returns>
    private static async Task<double> StartAsync(Run run, bool isRedisLate)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        if (isRedisLate)
        {
            await redis.KillAsync();
        }

        Task<RigCluster> starting = RigCluster.StartAsync(run, silos: 2, "--redis", redis.Address, "--slots", "4");
        if (isRedisLate)
        {
            await run.PauseAsync(0, MaxRedisDelaySeconds);
            await redis.RestartAsync();
        }

        long available = TimeProvider.System.GetTimestamp();
        await using RigCluster cluster = await starting;
        TimeSpan took = TimeProvider.System.GetElapsedTime(available);
        run.Require(
            took <= ReadyLimit,
            $"ready {took.TotalSeconds:F1} s after {(isRedisLate ? "Redis, which came late" : "the start")} (at most {ReadyLimit.TotalSeconds} s)");
        return await PenaltyAsync(run, cluster);
    }

    private static async Task<double> PenaltyAsync(Run run, RigCluster cluster)
    {
        using HttpClient http = new() { BaseAddress = cluster.Http };
        AnswerReader reader = new(http, cluster.Model);
        List<double> milliseconds = [];
        foreach (PromptCase prompt in PromptCase.Draw(run.Random, 1 + LaterRequests, (20, 20)))
        {
            long sent = TimeProvider.System.GetTimestamp();
            AnswerEnd end = await reader.ReadAsync(prompt, _ => { }, _ => { });
            milliseconds.Add(TimeProvider.System.GetElapsedTime(sent).TotalMilliseconds);
            run.Require(end.Outcome == Outcome.Complete, $"request {milliseconds.Count} took {milliseconds[^1]:F0} ms: {end.Outcome}");
        }

        return milliseconds[0] / milliseconds.Skip(1).Average();
    }
}
