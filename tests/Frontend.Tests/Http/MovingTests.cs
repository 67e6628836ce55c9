using System.Text.Json;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Frontend.Tests.Http;

/// <summary>Answers that lose their worker and go on with another one.</summary>
public sealed class MovingTests
{
    private const string Path = "/v1/completions";
    private const string Prompt = """{"model": "demo", "prompt": "x", "stream": true, "stream_options": {"include_usage": true}}""";

    private static readonly int[] Hello = Answer.Ids("Hello");

    [Fact]
    public async Task Move_MessageLost_GoesOnAfterTheTokensThatArrived()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await LoseAsync(frontend, Hello);

        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [.. Answer.Ids(" there"), Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello there", await TextAsync(response, completionTokens: Answer.Ids("Hello").Length + Answer.Ids(" there").Length + 1));
        Assert.Equal(Hello, second.Order.EmittedIds);
        Assert.Equal(first.Order.Sampling.Seed, second.Order.Sampling.Seed);
        Assert.Equal(first.Attempt with { Number = 2 }, second.Attempt);
        Assert.Equal(first.Attempt, await frontend.Script.NextCancellationAsync());
        Assert.False((await frontend.Script.NextCompletionAsync()).WorkerAnswered);
        Assert.True((await frontend.Script.NextCompletionAsync()).WorkerAnswered);
    }

    [Fact]
    public async Task Move_WorkerStops_GoesOnWithoutBlamingTheRequest()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(streams: streams => streams.MaxWorkersLost = 1);
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, StreamFinish.WorkerStopping);

        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response, completionTokens: Hello.Length + 1));
    }

    [Fact]
    public async Task Move_WorkersStall_TellsTheNextOneHowManyDid()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(streams: streams => streams.MaxWorkersLost = 1);
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, StreamFinish.WorkerStalled);
        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [], StreamFinish.WorkerStalled);

        StartedStream third = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(third.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response, completionTokens: Hello.Length + 1));
        Assert.Equal([0, 1, 2], new[] { first, second, third }.Select(started => started.Order.Breaks));
        Assert.False((await frontend.Script.NextCompletionAsync()).WorkerAnswered);
    }

    [Fact]
    public async Task Move_NoWorkerForAWhile_AsksUntilThereIsOne()
    {
        int refusals = 3;
        var script = new ClusterScript();
        await using TestFrontend frontend = await TestFrontend.StartAsync(script, streams => streams.MoveRetryDelay = TimeSpan.FromMilliseconds(10));
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await frontend.Script.NextStartAsync();
        script.Route = request => Interlocked.Decrement(ref refusals) >= 0
            ? new Dispatch { Kind = refusals % 2 == 0 ? DispatchKind.NoWorker : DispatchKind.Busy }
            : ClusterScript.Run(request);
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, StreamFinish.WorkerStopping);

        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response, completionTokens: Hello.Length + 1));
        int[] numbers = [.. script.Requests.Select(request => request.AttemptNumber)];
        Assert.Equal(5, numbers.Length);
        Assert.Equal(numbers.Order().Distinct(), numbers);
    }

    [Fact]
    public async Task Open_CallLost_IsMadeAgain()
    {
        int lost = 2;
        var script = new ClusterScript();
        script.Route = request => Interlocked.Decrement(ref lost) >= 0 ? throw new TimeoutException() : ClusterScript.Run(request);
        await using TestFrontend frontend = await TestFrontend.StartAsync(script, streams => streams.MoveRetryDelay = TimeSpan.FromMilliseconds(10));

        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream started = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, [.. Hello, Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response, completionTokens: Hello.Length + 1));
        Assert.Equal(3, script.Requests.Select(request => request.AttemptNumber).Distinct().Count());
    }

    [Fact]
    public async Task Move_TakesLong_ShowsSignsOfLife()
    {
        bool isThere = false;
        var script = new ClusterScript();
        await using TestFrontend frontend = await TestFrontend.StartAsync(script, streams => streams.KeepAlive = TimeSpan.FromSeconds(1));
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await frontend.Script.NextStartAsync();
        script.Route = request => Volatile.Read(ref isThere) ? ClusterScript.Run(request) : new Dispatch { Kind = DispatchKind.NoWorker };
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, StreamFinish.WorkerStopping);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? line;
        do
        {
            line = await lines.ReadLineAsync();
            Assert.NotNull(line);
            Assert.DoesNotContain("error", line, StringComparison.Ordinal);
        }
        while (!line.StartsWith(':'));

        // the next sign comes while the answer waits for a worker
        while (!(await lines.ReadLineAsync())!.StartsWith(':'))
        {
        }

        Volatile.Write(ref isThere, true);
        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        string rest = await lines.ReadToEndAsync();
        Assert.Contains("\"finish_reason\":\"stop\"", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("error", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Move_ClientLeavesMeanwhile_GivesBackWhatTheMoveHasStarted()
    {
        var script = new ClusterScript();
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);
        HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await frontend.Script.NextStartAsync();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        script.Route = request =>
        {
            asked.TrySetResult();
            return new Dispatch { Kind = DispatchKind.NoWorker };
        };
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, StreamFinish.WorkerStopping);
        await asked.Task;

        response.Dispose();
        TokenHub hub = frontend.Services.GetRequiredService<TokenHub>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (hub.OpenAttempts > 0)
        {
            Assert.False(limit.IsCancellationRequested, $"{hub.OpenAttempts} attempts are still open");
            await Task.Yield();
        }

        Assert.Equal(first.Attempt, await frontend.Script.NextCancellationAsync());
        Assert.Equal(first.Attempt, (await frontend.Script.NextCompletionAsync()).Attempt);
    }

    [Fact]
    public async Task Move_OldWorkerSpeaksAgain_IsNotHeard()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        StartedStream first = await LoseAsync(frontend, Hello);
        StartedStream second = await frontend.Script.NextStartAsync();

        await frontend.Worker.SpeakAsAsync(first.Attempt, Hello.Length, Answer.Ids(" again"));
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response, completionTokens: Hello.Length + 1));
    }

    [Fact]
    public async Task Move_TwoWorkersLostOneAfterTheOther_GivesTheRequestUp()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        await LoseAsync(frontend, Hello);
        await LoseAsync(frontend, Answer.Ids(" there"));

        Assert.Equal("workers_lost", await ErrorAsync(response));
        Assert.Equal(2, frontend.Script.Requests.Count);
    }

    [Fact]
    public async Task Move_WorkersLostAfterAGoodWayEach_AreNotTheRequestsFault()
    {
        int[] goodWay = [.. Enumerable.Repeat(Hello[0], 64)];
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        await LoseAsync(frontend, goodWay);
        await LoseAsync(frontend, goodWay);
        await LoseAsync(frontend, goodWay);

        StartedStream last = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(last.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        await TextAsync(response, completionTokens: (3 * 64) + 1);
    }

    [Fact]
    public async Task Move_SilentWorkers_EndWithWorkersLost()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            streams: streams => streams.BeatTimeout = TimeSpan.FromMilliseconds(500));

        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);

        Assert.Equal("workers_lost", await ErrorAsync(response));
    }

    [Fact]
    public async Task Move_MovesSwitchedOff_EndsWithWorkerLost()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(streams: streams => streams.MaxMoves = 0);
        using HttpResponseMessage response = await frontend.OpenAsync(Path, Prompt);
        await LoseAsync(frontend, Hello);

        Assert.Equal("worker_lost", await ErrorAsync(response));
    }

    /// <summary>Lets the next attempt say something and lose its next message.</summary>
    private static async Task<StartedStream> LoseAsync(TestFrontend frontend, int[] ids)
    {
        StartedStream started = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, ids, null);
        await frontend.Worker.LoseMessageAsync();
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, Hello, null);
        return started;
    }

    private static async Task<string> TextAsync(HttpResponseMessage response, int completionTokens)
    {
        JsonElement[] chunks = [.. (await EventsAsync(response))[..^1].Select(text => JsonDocument.Parse(text).RootElement)];
        Assert.Equal(completionTokens, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        return string.Concat(chunks[..^1].Select(chunk => chunk.GetProperty("choices")[0].GetProperty("text").GetString()));
    }

    private static async Task<string?> ErrorAsync(HttpResponseMessage response) =>
        JsonDocument.Parse((await EventsAsync(response))[^1]).RootElement.GetProperty("error").GetProperty("code").GetString();

    private static async Task<string[]> EventsAsync(HttpResponseMessage response) =>
    [
        .. (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(block => block[0] != ':')
            .Select(block => block["data: ".Length..]),
    ];
}
