using System.Text.Json;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Tests.Admission;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Frontend.Tests.Http;

/// <summary>Answers whose worker says nothing for a while, and may go on.</summary>
public sealed class SilentWorkerTests
{
    private const string Path = "/v1/completions";
    private const string Prompt = """{"model": "demo", "prompt": "x"}""";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly int[] Hello = Answer.Ids("Hello");

    [Fact]
    public async Task Silent_NobodyElseAndSpeaksAgain_GoesOnWithTheSameAttempt()
    {
        await using TestFrontend frontend = await StartAsync();
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(frontend, _ => new Dispatch { Kind = DispatchKind.NoWorker });

        await AskedAsync(frontend, questions: 4);
        int cancelledMeanwhile = frontend.Script.Cancellations;
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, [.. Answer.Ids(" there"), Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello there", await TextAsync(response));
        Assert.Equal((0, 0), (cancelledMeanwhile, frontend.Script.Cancellations));
        Completion doubt = await frontend.Script.NextCompletionAsync();
        Completion end = await frontend.Script.NextCompletionAsync();
        Assert.Equal((first.Attempt, false, false), (doubt.Attempt, doubt.WorkerAnswered, doubt.Followed));
        Assert.Equal((first.Attempt, true, true), (end.Attempt, end.WorkerAnswered, end.Followed));
    }

    [Fact]
    public async Task Silent_TwiceInARow_NeverUsesANumberAgain()
    {
        await using TestFrontend frontend = await StartAsync();
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(frontend, _ => new Dispatch { Kind = DispatchKind.NoWorker });
        await AskedAsync(frontend, questions: 2);
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Answer.Ids(" there"), null);
        await HeardAsync(frontend);

        await AskedAsync(frontend, frontend.Script.Requests.Count + 2);
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello there", await TextAsync(response));
        int[] numbers = [.. frontend.Script.Requests.Select(request => request.AttemptNumber)];
        Assert.Equal(numbers.Order().Distinct(), numbers);
    }

    [Fact]
    public async Task Silent_AnotherIsAdmitted_CancelsTheSilentOneOnlyThen()
    {
        bool isThere = false;
        await using TestFrontend frontend = await StartAsync();
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(
            frontend, request => Volatile.Read(ref isThere) ? ClusterScript.Run(request) : new Dispatch { Kind = DispatchKind.Busy });
        await AskedAsync(frontend, questions: 3);
        int cancelledBefore = frontend.Script.Cancellations;

        Volatile.Write(ref isThere, true);
        StartedStream second = await frontend.Script.NextStartAsync();
        Attempt cancelled = await frontend.Script.NextCancellationAsync();
        await frontend.Worker.SpeakAsAsync(first.Attempt, Hello.Length, Answer.Ids(" again"));
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response));
        Assert.Equal((0, first.Attempt), (cancelledBefore, cancelled));
        Assert.Equal(Hello, second.Order.EmittedIds);
        Assert.Equal(1, second.Order.Breaks);
        Assert.Equal([first.Attempt, second.Attempt], new[]
        {
            (await frontend.Script.NextCompletionAsync()).Attempt, (await frontend.Script.NextCompletionAsync()).Attempt,
        });
    }

    [Fact]
    public async Task Silent_OthersRefuse_CancelsNobody()
    {
        await using TestFrontend frontend = await StartAsync();
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(frontend, request =>
        {
            frontend.Script.Replies.Enqueue(StartReply.Draining);
            return ClusterScript.Run(request);
        });
        await AskedAsync(frontend, questions: 5);
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", await TextAsync(response));
        Assert.Equal(0, frontend.Script.Cancellations);
    }

    [Fact]
    public async Task Silent_SpeaksAgainInABurst_IsNotHeldAgainstTheReader()
    {
        int[] burst = [.. Enumerable.Repeat(Hello[0], 100)];
        await using TestFrontend frontend = await StartAsync(streams =>
        {
            streams.MaxUnreadTokens = 16;

            // the burst comes between two questions
            streams.MoveRetryDelay = TimeSpan.FromSeconds(1);
        });
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(frontend, _ => new Dispatch { Kind = DispatchKind.NoWorker });
        await AskedAsync(frontend, questions: 2);

        foreach (int token in burst)
        {
            await frontend.Worker.SpeakAsync(first.Attempt.StreamId, [token], null);
        }

        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Equal(DemoModel.Language.Tokenizer.Decode([.. Hello, .. burst]), await TextAsync(response));
    }

    [Fact]
    public async Task Silent_ClientLeaves_CancelsTheWorker()
    {
        await using TestFrontend frontend = await StartAsync();
        using var client = new CancellationTokenSource();
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(
            frontend, _ => new Dispatch { Kind = DispatchKind.NoWorker }, cancellationToken: client.Token);
        await AskedAsync(frontend, questions: 2);

        await client.CancelAsync();

        Assert.Equal(first.Attempt, await frontend.Script.NextCancellationAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => response);
    }

    [Fact]
    public async Task Silent_NobodyElseForTooLong_EndsWithNoWorkerAndCancels()
    {
        await using TestFrontend frontend = await StartAsync(streams => streams.MoveTimeout = TimeSpan.FromSeconds(1));
        (StartedStream first, Task<HttpResponseMessage> response) = await BeginAsync(frontend, _ => new Dispatch { Kind = DispatchKind.NoWorker });

        using HttpResponseMessage refusal = await response;

        Assert.Equal("no_worker", (await TestFrontend.ErrorAsync(refusal)).GetProperty("code").GetString());
        Assert.Equal(first.Attempt, await frontend.Script.NextCancellationAsync());
    }

    private static Task<TestFrontend> StartAsync(Action<StreamOptions>? configure = null) => TestFrontend.StartAsync(streams: streams =>
    {
        streams.BeatTimeout = TimeSpan.FromMilliseconds(500);
        streams.MoveRetryDelay = TimeSpan.FromMilliseconds(10);
        configure?.Invoke(streams);
    });

    /// <summary>Begins an answer, lets its worker say hello and then nothing, and answers all further questions as told.</summary>
    private static async Task<(StartedStream First, Task<HttpResponseMessage> Response)> BeginAsync(
        TestFrontend frontend, Func<SessionRequest, Dispatch> route, CancellationToken cancellationToken = default)
    {
        Task<HttpResponseMessage> response = frontend.OpenAsync(Path, Prompt, cancellationToken);
        StartedStream first = await frontend.Script.NextStartAsync();
        frontend.Script.Route = route;
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, null);
        return (first, response);
    }

    private static Task AskedAsync(TestFrontend frontend, int questions) =>
        UntilAsync(() => frontend.Script.Requests.Count >= questions, () => $"{frontend.Script.Requests.Count} of {questions} questions came");

    private static Task HeardAsync(TestFrontend frontend)
    {
        TokenHub hub = frontend.Services.GetRequiredService<TokenHub>();
        return UntilAsync(() => hub.SilentAttempts == 0, () => $"{hub.SilentAttempts} attempts are silent");
    }

    private static async Task UntilAsync(Func<bool> holds, Func<string> state)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!holds())
        {
            Assert.False(limit.IsCancellationRequested, state());
            await Task.Yield();
        }
    }

    private static async Task<string?> TextAsync(Task<HttpResponseMessage> response)
    {
        using HttpResponseMessage answer = await response;
        JsonElement json = await TestFrontend.JsonAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, $"{json}");
        return json.GetProperty("choices")[0].GetProperty("text").GetString();
    }
}
