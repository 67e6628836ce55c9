using System.Net;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Orleans.Runtime;

namespace DeepSeekOrleans.Frontend.Tests.Http;

/// <summary>Calls on the way of a request that the cluster gives back instead of answering them.</summary>
public sealed class UnansweredCallTests
{
    private const string Path = "/v1/completions";
    private const string Prompt = """{"model": "demo", "prompt": "x"}""";

    [Theory]
    [InlineData(typeof(SiloUnavailableException))]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task R02_DispatchGivenBack_RequestIsDispatchedAgain(Type failure)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        frontend.Script.Answer = _ => Answer.Of("Hello");
        FailQuestion(frontend, 1, failure);

        using HttpResponseMessage response = await frontend.PostAsync(Path, Prompt);

        Assert.Equal("Hello", await TextAsync(response));
        Assert.Equal(2, frontend.Script.Requests.Count);
    }

    [Theory]
    [InlineData(typeof(SiloUnavailableException))]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task R02_DispatchOfAMovingAnswerGivenBack_AnswerGoesOn(Type failure)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        FailQuestion(frontend, 2, failure);
        Task<HttpResponseMessage> response = frontend.PostAsync(Path, Prompt);
        StartedStream first = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Answer.Ids("Hello"), null);

        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, [], StreamFinish.WorkerStopping);
        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [.. Answer.Ids(" there"), Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello there", await TextAsync(await response));
        Assert.Equal(3, frontend.Script.Requests.Count);
    }

    private static void FailQuestion(TestFrontend frontend, int number, Type failure) => frontend.Script.Route = request =>
        frontend.Script.Requests.Count == number
            ? throw (Exception)Activator.CreateInstance(failure, "given back")!
            : ClusterScript.Run(request);

    private static async Task<string?> TextAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement answer = await TestFrontend.JsonAsync(response);
        return answer.GetProperty("choices")[0].GetProperty("text").GetString();
    }
}
