using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Grpc.Health.V1;
using DeepSeekOrleans.Frontend.Grpc.V1;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Grpc.Core;

namespace DeepSeekOrleans.Frontend.Tests.Grpc;

public sealed class InferenceServiceTests
{
    [Fact]
    public async Task Generate_Chat_StreamsDeltasAndOneEnd()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("Hm.\n</think>\n\nHello!") });
        using var client = new TestGrpcClient(frontend);

        List<GenerateResponse> responses = await client.GenerateAllAsync(Hello());

        Assert.Equal("Hello!", string.Concat(responses.Select(response => response.Delta?.Content)));
        Assert.Equal("Hm.", string.Concat(responses.Select(response => response.Delta?.Reasoning)).TrimEnd());
        End end = responses[^1].End;
        Assert.Equal(FinishReason.Stop, end.FinishReason);
        Assert.Equal(6, end.Usage.PromptTokens);
        Assert.Single(responses, response => response.EventCase == GenerateResponse.EventOneofCase.End);
    }

    [Fact]
    public async Task Generate_EvidenceAskedFor_ComesWithTheEnd()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("x") });
        using var client = new TestGrpcClient(frontend);
        GenerateRequest request = Hello();
        request.Evidence = true;
        request.Sampling = new Sampling { Seed = 11 };

        End end = (await client.GenerateAllAsync(request))[^1].End;
        End without = (await client.GenerateAllAsync(Hello()))[^1].End;

        Assert.Equal(
            new Evidence { ModelVersion = "weights", Precision = "int8", Provider = "cpu", Seed = 11 }, end.Evidence);
        Assert.Equal(2, end.Usage.CachedTokens);
        Assert.Null(without.Evidence);
    }

    [Fact]
    public async Task Generate_TokenPrompt_IsOrderedAsAsked()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("x") });
        using var client = new TestGrpcClient(frontend);

        await client.GenerateAllAsync(new GenerateRequest
        {
            Model = "demo",
            PromptIds = new TokenIds { Ids = { 5, 6 } },
            MaxTokens = 4,
            Stop = { "zz" },
            Sampling = new Sampling { Temperature = 0.5f, Seed = 3, LogitBias = { { 7, 1 } } },
        });

        GenerationOrder order = (await frontend.Script.NextStartAsync()).Order;
        Assert.Equal([5, 6], order.PromptIds);
        Assert.Equal((4, 0.5f, 3ul), (order.MaxTokens, order.Sampling.Temperature, order.Sampling.Seed));
        Assert.Equal(["zz"], order.StopStrings);
        Assert.Equal(1, order.Sampling.LogitBias[7]);
    }

    [Fact]
    public async Task Generate_WithoutKey_IsUnauthenticated()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(keys: Key("secret"));
        using var client = new TestGrpcClient(frontend);

        RpcException error = await FailureAsync(client, Hello());

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal("invalid_api_key", error.Trailers.GetValue("error-code"));
    }

    [Fact]
    public async Task Generate_WithKey_WorksForItsTenant()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = _ => Answer.Of("x") }, keys: Key("secret"));
        using var client = new TestGrpcClient(frontend);

        await client.GenerateAllAsync(Hello(), new CallOptions(new Metadata { { "authorization", "Bearer secret" } }));

        Assert.Equal("tenant-a", (await frontend.Script.NextStartAsync()).Order.Tenant);
    }

    [Theory]
    [InlineData("gone", 0.5, StatusCode.NotFound, "model_not_found", "model")]
    [InlineData("demo", 2.5, StatusCode.InvalidArgument, "invalid_value", "temperature")]
    [InlineData("demo", double.NaN, StatusCode.InvalidArgument, "invalid_value", "temperature")]
    [InlineData("", 0.5, StatusCode.InvalidArgument, "missing_required_parameter", "model")]
    public async Task Generate_WrongValue_NamesIt(string model, double temperature, StatusCode status, string code, string parameter)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using var client = new TestGrpcClient(frontend);
        GenerateRequest request = Hello();
        request.Model = model;
        request.Sampling = new Sampling { Temperature = (float)temperature };

        RpcException error = await FailureAsync(client, request);

        Assert.Equal(status, error.StatusCode);
        Assert.Equal((code, parameter), (error.Trailers.GetValue("error-code"), error.Trailers.GetValue("error-param")));
    }

    [Fact]
    public async Task Generate_NoInput_IsInvalid()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using var client = new TestGrpcClient(frontend);

        RpcException error = await FailureAsync(client, new GenerateRequest { Model = "demo" });

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Generate_MessageBeyondTheLimit_IsResourceExhausted()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(limits: limits => limits.MaxBodyBytes = 2000);
        using var client = new TestGrpcClient(frontend);

        RpcException error = await FailureAsync(client, new GenerateRequest { Model = "demo", Prompt = new string('x', 5000) });

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Theory]
    [InlineData(DispatchKind.Busy, StatusCode.ResourceExhausted)]
    [InlineData(DispatchKind.NoWorker, StatusCode.Unavailable)]
    public async Task Generate_RouterRefuses_SaysWhy(DispatchKind kind, StatusCode status)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Route = _ => new Dispatch { Kind = kind } });
        using var client = new TestGrpcClient(frontend);

        Assert.Equal(status, (await FailureAsync(client, Hello())).StatusCode);
    }

    [Fact]
    public async Task Generate_DeadlinePasses_EndsAndCancelsTheAttempt()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using var client = new TestGrpcClient(frontend);

        // long enough for the call to reach the worker on a busy machine
        RpcException error = await FailureAsync(client, Hello(), new CallOptions(deadline: DateTime.UtcNow.AddSeconds(2)));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        StartedStream started = await frontend.Script.NextStartAsync();
        Assert.Equal(started.Attempt, await frontend.Script.NextCancellationAsync());
    }

    [Fact]
    public async Task Generate_ClientCancels_CancelsTheAttempt()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using var client = new TestGrpcClient(frontend);
        using AsyncServerStreamingCall<GenerateResponse> call = client.Generate(Hello());
        StartedStream started = await frontend.Script.NextStartAsync();

        call.Dispose();

        Assert.Equal(started.Attempt, await frontend.Script.NextCancellationAsync());
    }

    [Fact]
    public async Task Generate_ModelFault_IsInternal()
    {
        var script = new ClusterScript { Answer = _ => new ScriptedAnswer(Answer.Ids("Hello"), StreamFinish.ModelFault) };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);
        using var client = new TestGrpcClient(frontend);

        RpcException error = await FailureAsync(client, Hello());

        Assert.Equal((StatusCode.Internal, "model_fault"), (error.StatusCode, error.Trailers.GetValue("error-code")));
    }

    [Fact]
    public async Task Check_ReadyWorker_IsServingWithoutAKey()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(keys: Key("secret"));
        using var client = new TestGrpcClient(frontend);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await client.CheckAsync("")).Status);
    }

    [Fact]
    public async Task Check_NoReadyWorker_IsNotServing()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Workers = [] });
        using var client = new TestGrpcClient(frontend);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await client.CheckAsync("deepseek.v1.Inference")).Status);
    }

    [Fact]
    public async Task Check_UnknownService_IsNotFound()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using var client = new TestGrpcClient(frontend);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => client.CheckAsync("no.such.Service"));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    private static GenerateRequest Hello() =>
        new() { Model = "demo", Chat = new Chat { Messages = { new Message { Role = "user", Content = "Hello" } } } };

    private static Task<RpcException> FailureAsync(TestGrpcClient client, GenerateRequest request, CallOptions options = default) =>
        Assert.ThrowsAsync<RpcException>(() => client.GenerateAllAsync(request, options));

    private static ApiKeyOptions Key(string key) =>
        new() { Tenant = "tenant-a", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))) };
}
