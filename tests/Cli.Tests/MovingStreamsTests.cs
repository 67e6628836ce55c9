using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>Answers of the demo model while the process that computes them is killed, frozen or drained.</summary>
[Collection(OneClusterAtATime)]
public sealed class MovingStreamsTests
{
    internal const string OneClusterAtATime = "clusters of several processes under load";

    private const int Streams = 40;
    private const int BegunBeforeTheFault = 10;
    private const int OnOneSlot = 16;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [RedisFact]
    public Task R01_SiloProcessKilled_TextsAreAsUndisturbed() =>
        CompareAsync((_, silo) => SignalAsync("KILL", silo));

    [RedisFact]
    public Task R02_SiloProcessFrozenAndThawed_TextsAreAsUndisturbed() =>
        CompareAsync((_, silo) => SignalAsync("STOP", silo), (_, silo) => SignalAsync("CONT", silo));

    [RedisFact]
    public Task R03_SiloDrained_TextsAreAsUndisturbed() => CompareAsync(async (cluster, silo) =>
    {
        CommandResult drain = await CommandLine.DeepSeekAsync("", "silo", "drain", $"{silo["name"]}", "--port", $"{cluster.Http.Port}");
        Assert.True(drain.ExitCode == ExitCode.Ok, drain.Error);
    });

    [RedisFact]
    public Task R03_SiloProcessTerminated_TextsAreAsUndisturbedAndItEndsWithinFiveSeconds() => CompareAsync(async (_, silo) =>
    {
        long begin = TimeProvider.System.GetTimestamp();
        await SignalAsync("TERM", silo);
        while (Directory.Exists($"/proc/{silo["pid"]}"))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(5), $"silo {silo["name"]} still runs");
            await Task.Delay(20);
        }
    });

    [RedisFact]
    public async Task R03_OnlySiloDrained_ItsStreamsEndAsUndisturbedAndNewOnesAreRefused()
    {
        // a single slot, so that most streams still wait when the silo is told to go; on a slow machine they take longer than it has by itself
        Dictionary<string, string> options = new() { ["DEEPSEEK_Worker__DrainLimit"] = "00:00:25" };
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(options, "--silos", "2", "--slots", "1");
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = Limit };
        string port = $"{cluster.Http.Port}";
        string[] undisturbed = await Task.WhenAll(Enumerable.Range(0, OnOneSlot).Select(stream => ReadAsync(http, stream, () => { })));
        await CommandLine.DeepSeekAsync("", "silo", "drain", "silo-1", "--port", port);

        // before the streams begin: a fast machine has computed them by the time that a further process has started and asked
        JsonNode silo = (await ListAsync(cluster)).Single()!;

        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<string[]> reading = Task.WhenAll(Enumerable.Range(0, OnOneSlot).Select(stream => ReadAsync(http, stream, () => begun.TrySetResult())));
        await begun.Task.WaitAsync(Limit);
        await SignalAsync("TERM", silo);
        await UntilNotReadyAsync(http);
        using HttpResponseMessage late = await http.PostAsync("/v1/completions", Content(stream: 9));
        bool wereReading = !reading.IsCompleted;
        string[] texts = await reading.WaitAsync(Limit);

        Assert.True(wereReading, "the streams had ended before the silo drained");
        Assert.Equal(undisturbed, texts);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
    }

    private static async Task CompareAsync(
        Func<ClusterProcess, JsonNode, Task> fault, Func<ClusterProcess, JsonNode, Task>? afterwards = null)
    {
        // few slots, so that streams are under way and waiting for as long as it takes to look for a victim
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "3", "--slots", "2");
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = Limit };
        string[] undisturbed = await Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => ReadAsync(http, stream, () => { })));

        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int count = 0;
        Task<string[]> reading = Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => ReadAsync(http, stream, () =>
        {
            if (Interlocked.Increment(ref count) == BegunBeforeTheFault)
            {
                begun.SetResult();
            }
        })));
        await begun.Task.WaitAsync(Limit);
        JsonNode victim = (await ListAsync(cluster)).MaxBy(silo => (int)silo!["open_streams"]!)!;
        await fault(cluster, victim);
        string[] texts = await reading.WaitAsync(Limit);
        await (afterwards?.Invoke(cluster, victim) ?? Task.CompletedTask);

        Assert.True((int)victim["open_streams"]! > 0, $"nothing was under way: {victim}");
        Assert.Equal(undisturbed, texts);
    }

    /// <returns>The text and how it ended.</returns>
    internal static async Task<string> ReadAsync(HttpClient http, int stream, Action begun)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = Content(stream) };
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync());
        StringBuilder text = new();
        while (await lines.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
            {
                continue;
            }

            JsonNode chunk = JsonNode.Parse(line["data: ".Length..])!;
            if (chunk["error"] is { } error)
            {
                return $"{text}[{error["code"]}]";
            }

            if (text.Length == 0)
            {
                begun();
            }

            JsonNode choice = chunk["choices"]![0]!;
            text.Append(choice["text"]).Append(choice["finish_reason"] is { } finish ? $"[{finish}]" : "");
        }

        return text.ToString();
    }

    private static StringContent Content(int stream)
    {
        string body = JsonSerializer.Serialize(new
        {
            prompt = $"Once upon a time there were {stream}",
            max_tokens = 400,
            seed = stream,
            temperature = stream % 2,
            cache = false,
            stream = true,
            model = "demo-model",
        });
        return new StringContent(body, Encoding.UTF8, "application/json");
    }

    private static async Task UntilNotReadyAsync(HttpClient http)
    {
        using CancellationTokenSource limit = new(Limit);
        HttpStatusCode ready;
        do
        {
            using HttpResponseMessage response = await http.GetAsync("/health/ready", limit.Token);
            ready = response.StatusCode;
        }
        while (ready == HttpStatusCode.OK);
    }

    private static async Task<JsonArray> ListAsync(ClusterProcess cluster)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "ps", "--json", "--port", $"{cluster.Http.Port}");
        Assert.Equal(ExitCode.Ok, result.ExitCode);
        return JsonNode.Parse(result.Output)!.AsArray();
    }

    private static async Task SignalAsync(string signal, JsonNode silo)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{silo["pid"]}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
