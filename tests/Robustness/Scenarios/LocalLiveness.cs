using System.Net;
using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Load;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness.Scenarios;

/// <summary>R21: what the probes say while Redis is down, and then while every silo is.</summary>
internal sealed class LocalLiveness : IScenario
{
    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(30);

    public string Id => "R21";

    public string Promise => "liveness is local, readiness tells the truth";

    public async Task RunAsync(Run run)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RigCluster cluster = await RigCluster.StartAsync(run, silos: 2, "--redis", redis.Address, "--slots", "4");
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = NoticeLimit };
        AnswerReader reader = new(http, cluster.Model);
        PromptCase prompt = PromptCase.Draw(run.Random, 1, (10, 10))[0];

        await redis.KillAsync();
        run.Say($"redis-server is down");
        int looks = 0;
        int untrue = 0;
        long begin = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(run.Scaled(10, 120)))
        {
            bool isServed = (await reader.ReadAsync(prompt, _ => { }, _ => { })).Outcome == Histories.Outcome.Complete;
            untrue += await IsAsync(http, "/health/live", HttpStatusCode.OK) && await SaysReadyAsync(http) == isServed ? 0 : 1;
            looks++;
        }

        run.Require(untrue == 0, $"{looks} looks while Redis was down: live, and ready as answers came ({untrue} untrue)");
        await KillAllAsync(run, cluster, http);
    }

    private static async Task KillAllAsync(Run run, RigCluster cluster, HttpClient http)
    {
        foreach (SiloState silo in await cluster.ListAsync())
        {
            await Signals.KillAsync(silo.ProcessId);
        }

        long killed = TimeProvider.System.GetTimestamp();
        bool isLive = true;
        bool isReady = true;
        while (isReady && TimeProvider.System.GetElapsedTime(killed) < NoticeLimit)
        {
            isReady = await SaysReadyAsync(http);
            isLive &= await IsAsync(http, "/health/live", HttpStatusCode.OK);
        }

        run.Require(!isReady, $"not ready {TimeProvider.System.GetElapsedTime(killed).TotalSeconds:F1} s after every silo was killed (at most {NoticeLimit.TotalSeconds} s)");
        run.Require(isLive, $"and live nevertheless");
    }

    private static Task<bool> SaysReadyAsync(HttpClient http) => IsAsync(http, "/health/ready", HttpStatusCode.OK);

    private static async Task<bool> IsAsync(HttpClient http, string path, HttpStatusCode status)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode == status;
    }
}
