using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Conformance.Tests;

[Collection(OpenCluster.Name)]
public sealed class GrpcJsTests(OpenClusterFixture fixture)
{
    [Fact]
    public async Task Generate_OfTheDemoModel_StreamsThoughtAnswerAndEnd()
    {
        JsonElement streamed = await NodeClient.RunAsync("grpc-generate.js", fixture.Cluster.Grpc, fixture.Cluster.Model);

        Assert.Equal("OK", streamed.GetProperty("status").GetString());
        Assert.Contains("silo", streamed.GetProperty("reasoning").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("A silo is one server process of the cluster.", streamed.GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal("FINISH_REASON_STOP", streamed.GetProperty("end").GetProperty("finish_reason").GetString());
        Assert.Equal(10, streamed.GetProperty("end").GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }
}

public sealed class GrpcJsRefusalTests(LockedClusterFixture fixture) : IClassFixture<LockedClusterFixture>
{
    [Fact]
    public async Task Generate_WithEachMistake_MeetsTheStatusThatIsDue()
    {
        JsonElement results = await NodeClient.RunAsync("grpc-refusals.js", fixture.Cluster.Grpc, fixture.Cluster.Model, fixture.Key);

        Dictionary<string, string?> statuses = results.EnumerateObject()
            .ToDictionary(result => result.Name, result => result.Value.GetProperty("status").GetString());
        Assert.Equal(
            new Dictionary<string, string?>
            {
                ["without_key"] = "UNAUTHENTICATED",
                ["wrong_key"] = "UNAUTHENTICATED",
                ["right_key"] = "OK",
                ["temperature_out_of_range"] = "INVALID_ARGUMENT",
                ["unknown_model"] = "NOT_FOUND",
                ["too_long"] = "INVALID_ARGUMENT",
                ["too_large"] = "RESOURCE_EXHAUSTED",
                ["deadline"] = "DEADLINE_EXCEEDED",
            },
            statuses);
        Assert.Contains("temperature", results.GetProperty("temperature_out_of_range").GetProperty("details").GetString(), StringComparison.Ordinal);
        Assert.Equal("context_length_exceeded", results.GetProperty("too_long").GetProperty("error_code").GetString());
    }
}

public sealed class GrpcJsFloodTests
{
    [Fact]
    public async Task Generate_WhenEveryWorkerIsFull_MeetsResourceExhausted()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(new Dictionary<string, string>
        {
            ["DEEPSEEK_Engine__MaxWaiting"] = "1",
            ["DEEPSEEK_Onnx__Slots"] = "1",
        });

        JsonElement counts = await NodeClient.RunAsync("grpc-flood.js", cluster.Grpc, cluster.Model, "64");

        Assert.Equal(["OK", "RESOURCE_EXHAUSTED"], counts.EnumerateObject().Select(count => count.Name).Order());
        Assert.Equal(64, counts.EnumerateObject().Sum(count => count.Value.GetInt32()));
    }
}
