using System.Text.Json;

namespace DeepSeekOrleans.Conformance.Tests;

[Collection(OpenCluster.Name)]
public sealed class OpenAiNodeSdkTests(OpenClusterFixture fixture)
{
    [Fact]
    public async Task ChatCompletionStream_OfTheDemoModel_StreamsThoughtAndAnswer()
    {
        JsonElement streamed = await NodeClient.RunAsync("openai-chat.js", $"{fixture.Cluster.Http}v1", fixture.Cluster.Model);

        Assert.Contains("silo", streamed.GetProperty("reasoning").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("A silo is one server process of the cluster.", streamed.GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal("stop", streamed.GetProperty("finish_reason").GetString());
        Assert.Equal(10, streamed.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.True(streamed.GetProperty("pieces").GetInt32() > 1, $"the answer did not come in pieces: {streamed}");
    }

    [Fact]
    public async Task ChatCompletion_WithTemperatureOutOfRange_IsRefusedWithTheParametersName()
    {
        JsonElement refused = await NodeClient.RunAsync("openai-refusal.js", $"{fixture.Cluster.Http}v1", fixture.Cluster.Model);

        Assert.Equal(400, refused.GetProperty("status").GetInt32());
        Assert.Equal("temperature", refused.GetProperty("param").GetString());
        Assert.Equal("invalid_request_error", refused.GetProperty("type").GetString());
    }
}
