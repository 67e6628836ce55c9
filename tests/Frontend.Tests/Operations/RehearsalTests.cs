using System.Net;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Operations;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Frontend.Tests.Operations;

public sealed class RehearsalTests
{
    private const int PlayedToOneWorker = 4;
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Ready_RehearsalIsPlayed_ComesAfterItsLastAnswer()
    {
        await using TestFrontend frontend = await StartAsync(new ClusterScript(), Never);
        StartedStream[] played = await TakeAsync(frontend.Script);

        (HttpStatusCode before, string reason) = await AskAsync(frontend);
        foreach (StartedStream stream in played)
        {
            await frontend.Worker.SpeakAsync(stream.Attempt.StreamId, [5, 6], StreamFinish.Length);
        }

        await EndAsync(frontend);
        (HttpStatusCode after, _) = await AskAsync(frontend);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, before);
        Assert.Equal("the first requests are being rehearsed", reason);
        Assert.Equal(HttpStatusCode.OK, after);
    }

    [Fact]
    public async Task Ready_NobodyAnswersTheRehearsal_ComesWithItsLimit()
    {
        await using TestFrontend frontend = await StartAsync(new ClusterScript(), TimeSpan.FromMilliseconds(200));
        StartedStream[] played = await TakeAsync(frontend.Script);

        await EndAsync(frontend);
        (HttpStatusCode status, _) = await AskAsync(frontend);

        Assert.Equal(HttpStatusCode.OK, status);
        foreach (StartedStream _ in played)
        {
            // nothing is left behind at the worker
            Attempt cancelled = await frontend.Script.NextCancellationAsync();
            Assert.Contains(played, stream => stream.Attempt == cancelled);
        }
    }

    [Fact]
    public async Task Rehearsal_NoWorkerIsReady_BeginsWithTheFirst()
    {
        var script = new ClusterScript { Workers = [] };
        await using TestFrontend frontend = await StartAsync(script, Never);
        (HttpStatusCode before, string reason) = await AskAsync(frontend);

        script.Workers = [ClusterScript.Status(WorkerState.Ready)];
        await TakeAsync(script);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, before);
        Assert.Contains("has no ready worker", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rehearsal_Requests_BelongToNoClientAndAreNotKept()
    {
        await using TestFrontend frontend = await StartAsync(new ClusterScript(), Never);

        StartedStream[] played = await TakeAsync(frontend.Script);

        Assert.All(played, stream => Assert.Equal("rehearsal", stream.Order.Tenant));
        Assert.All(played, stream => Assert.Null(stream.Order.AnswerKey));
        Assert.Equal(PlayedToOneWorker, played.Select(stream => string.Join(' ', stream.Order.PromptIds)).Distinct().Count());
    }

    [Fact]
    public async Task Rehearsal_LimitIsZero_IsLeftOut()
    {
        await using TestFrontend frontend = await StartAsync(new ClusterScript(), TimeSpan.Zero);

        await EndAsync(frontend);
        (HttpStatusCode status, _) = await AskAsync(frontend);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Empty(frontend.Script.Requests);
    }

    private static Task<TestFrontend> StartAsync(ClusterScript script, TimeSpan limit) =>
        TestFrontend.StartAsync(script, frontend: options => options.RehearsalLimit = limit);

    private static async Task<StartedStream[]> TakeAsync(ClusterScript script)
    {
        var played = new StartedStream[PlayedToOneWorker];
        for (int i = 0; i < played.Length; i++)
        {
            played[i] = await script.NextStartAsync();
        }

        return played;
    }

    private static Task EndAsync(TestFrontend frontend) =>
        frontend.Services.GetRequiredService<Rehearsal>().Ended.WaitAsync(Patience);

    private static async Task<(HttpStatusCode Status, string Reason)> AskAsync(TestFrontend frontend)
    {
        using HttpResponseMessage response = await frontend.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        JsonElement reasons = (await TestFrontend.JsonAsync(response)).GetProperty("reasons");
        return (response.StatusCode, string.Join("; ", reasons.EnumerateArray().Select(reason => reason.GetString())));
    }
}
