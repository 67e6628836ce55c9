using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Operations;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Frontend.Tests.Http;

public sealed class RefusalTests
{
    private const string Path = "/v1/completions";
    private const string Valid = """{"model": "demo", "prompt": "x"}""";

    [Theory]
    [InlineData("POST", "/v1/completions", "{", 400, "invalid_json")]
    [InlineData("POST", "/v1/completions", """{"model": "gone", "prompt": "x"}""", 404, "model_not_found")]
    [InlineData("POST", "/v1/completions", """{"model": "demo", "prompt": "x", "n": 9}""", 400, "invalid_value")]
    [InlineData("POST", "/v1/nothing", "{}", 404, "unknown_url")]
    [InlineData("GET", "/v1/nothing", null, 404, "unknown_url")]
    [InlineData("GET", "/v1/completions", null, 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", null, 405, "method_not_allowed")]
    [InlineData("GET", "/v1/models/gone", null, 404, "model_not_found")]
    [InlineData("GET", "/v1/models/..%2f..%2fetc", null, 404, "model_not_found")]
    [InlineData("GET", "/", null, 404, "unknown_url")]
    public async Task Send_WrongRequest_IsAnsweredWithAnErrorObject(string method, string path, string? body, int status, string code)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };

        HttpResponseMessage response = await frontend.Http.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
        Assert.True(response.Headers.Contains("x-request-id"));
        Assert.Empty(frontend.Script.Requests);
    }

    [Theory]
    [InlineData(0, HttpStatusCode.OK)]
    [InlineData(1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Post_BodyAroundTheLimit_IsTakenOrRefused(int beyond, HttpStatusCode status)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = _ => Answer.Of("x") }, limits: limits => limits.MaxBodyBytes = 2000);

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid.PadRight(2000 + beyond));

        Assert.Equal(status, response.StatusCode);
        if (status != HttpStatusCode.OK)
        {
            Assert.Equal("request_too_large", (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Post_ChunkedBodyBeyondTheLimit_IsRefused()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(limits: limits => limits.MaxBodyBytes = 2000);
        var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(Valid.PadRight(20_000), Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = true;

        HttpResponseMessage response = await frontend.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Post_OtherContentType_IsRefused(string contentType)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();

        HttpResponseMessage response = await frontend.Http.PostAsync(Path, new StringContent(Valid, Encoding.UTF8, contentType));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("unsupported_media_type", (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/v1/completions")]
    [InlineData("GET", "/v1/models")]
    [InlineData("GET", "/v1/models/demo")]
    [InlineData("POST", "/v1/conversations")]
    [InlineData("GET", "/v1/conversations/conv_1")]
    [InlineData("GET", "/v1/conversations/conv_1/items")]
    [InlineData("DELETE", "/v1/conversations/conv_1")]
    public async Task Send_WithoutAKnownKey_IsUnauthenticated(string method, string path)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(keys: Key("secret"));
        var missing = new HttpRequestMessage(new HttpMethod(method), path);
        var wrong = new HttpRequestMessage(new HttpMethod(method), path);
        wrong.Headers.Add("Authorization", "Bearer wrong");

        HttpResponseMessage first = await frontend.Http.SendAsync(missing);
        HttpResponseMessage second = await frontend.Http.SendAsync(wrong);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (first.StatusCode, second.StatusCode));
        Assert.Equal("invalid_api_key", (await TestFrontend.ErrorAsync(first)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Send_KnownKey_WorksForItsTenant()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = _ => Answer.Of("x") }, keys: Key("secret"));
        frontend.Http.DefaultRequestHeaders.Add("Authorization", "Bearer secret");

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("tenant-a", (await frontend.Script.NextStartAsync()).Order.Tenant);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Get_Health_IsOpen(string path)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(keys: Key("secret"));

        HttpResponseMessage response = await frontend.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task R21_Get_LiveWithoutAReadyWorker_IsGoodUntilSomethingInTheProcessIsStuck()
    {
        var script = new ClusterScript { Workers = [] };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);
        string[] problems = [];
        frontend.Services.GetRequiredService<Liveness>().Watch(() => problems);

        HttpResponseMessage before = await frontend.Http.GetAsync("/health/live");
        problems = ["worker x hangs"];
        HttpResponseMessage after = await frontend.Http.GetAsync("/health/live");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (before.StatusCode, after.StatusCode));
        Assert.Contains("worker x hangs", await after.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ReadyWithoutAReadyWorker_SaysWhy()
    {
        var script = new ClusterScript { Workers = [ClusterScript.Status(WorkerState.Loading)] };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        HttpResponseMessage response = await frontend.Http.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        JsonElement body = await TestFrontend.JsonAsync(response);
        Assert.Equal("model 'demo' has no ready worker (1 known)", body.GetProperty("reasons")[0].GetString());
    }

    [Fact]
    public async Task Get_Models_ListsNamesAndAliases()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();

        JsonElement list = await TestFrontend.JsonAsync(await frontend.Http.GetAsync("/v1/models"));
        JsonElement alias = await TestFrontend.JsonAsync(await frontend.Http.GetAsync("/v1/models/org/demo-alias"));

        Assert.Equal(["demo", "org/demo-alias"], list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("org/demo-alias", alias.GetProperty("id").GetString());
        Assert.Equal("model", alias.GetProperty("object").GetString());
    }

    [Theory]
    [InlineData(DispatchKind.Busy, 429, "rate_limit_exceeded")]
    [InlineData(DispatchKind.NoWorker, 503, "no_worker")]
    public async Task Post_RouterRefuses_SaysWhenToTryAgain(DispatchKind kind, int status, string code)
    {
        var script = new ClusterScript { Route = _ => new Dispatch { Kind = kind, RetryAfter = TimeSpan.FromMilliseconds(6500) } };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("7", response.Headers.GetValues("Retry-After").Single());
        Assert.Equal(code, (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(StartReply.Full, 429)]
    [InlineData(StartReply.Draining, 503)]
    public async Task Post_EveryWorkerRefuses_IsRefusedAfterThreeStarts(StartReply reply, int status)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        Enumerable.Range(0, 3).ToList().ForEach(_ => frontend.Script.Replies.Enqueue(reply));

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(3, frontend.Script.Requests.Count);
        for (int i = 0; i < 3; i++)
        {
            Assert.False((await frontend.Script.NextCompletionAsync()).WorkerAnswered);
        }
    }

    [Fact]
    public async Task Post_FirstWorkerRefuses_IsStartedElsewhere()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("x") });
        frontend.Script.Replies.Enqueue(StartReply.Full);
        frontend.Script.Replies.Enqueue(StartReply.Superseded);

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([1, 2, 3], frontend.Script.Requests.Select(request => request.AttemptNumber));
    }

    [Fact]
    public async Task Post_WorkerSaysNeverFits_IsTheContextsLimit()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        frontend.Script.Replies.Enqueue(StartReply.NeverFits);

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal("context_length_exceeded", (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(StreamFinish.ModelFault, 500, "model_fault")]
    [InlineData(StreamFinish.RepeatedFault, 500, "repeated_model_fault")]
    [InlineData(StreamFinish.WorkerStopping, 503, "worker_stopping")]
    [InlineData(StreamFinish.WorkerStalled, 503, "worker_stalled")]
    public async Task Post_StreamFails_IsAnErrorWithItsCode(StreamFinish finish, int status, string code)
    {
        var script = new ClusterScript { Answer = _ => new ScriptedAnswer(Answer.Ids("Hello"), finish) };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Post_SomethingUnexpected_TellsNothingOfIt()
    {
        var script = new ClusterScript { Route = _ => throw new InvalidOperationException("canary /etc/secret") };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        HttpResponseMessage response = await frontend.PostAsync(Path, Valid);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        string body = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("canary", body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", body, StringComparison.Ordinal);
    }

    private static ApiKeyOptions Key(string key) =>
        new() { Tenant = "tenant-a", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))) };
}
