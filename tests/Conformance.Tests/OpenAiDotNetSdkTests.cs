using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace DeepSeekOrleans.Conformance.Tests;

[Collection(OpenCluster.Name)]
public sealed class OpenAiDotNetSdkTests(OpenClusterFixture fixture)
{
    private readonly OpenAIClient _client = new(
        new ApiKeyCredential("any"), new OpenAIClientOptions { Endpoint = new Uri(fixture.Cluster.Http, "v1") });

    [Fact]
    public async Task CompleteChatStreaming_OfTheDemoModel_StreamsTheKnownAnswer()
    {
        StringBuilder text = new();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;

        await foreach (StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync(
            [new UserChatMessage("What is a silo?")], new ChatCompletionOptions { Temperature = 0 }))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish ??= update.FinishReason;
            usage ??= update.Usage;
        }

        Assert.StartsWith("A silo is one server process of the cluster.", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.Equal(10, usage!.InputTokenCount);
        Assert.True(usage.OutputTokenCount > usage.OutputTokenDetails.ReasoningTokenCount);
    }

    [Fact]
    public async Task CompleteChat_OfTheDemoModel_GivesTheSameTextAsTheStream()
    {
        ChatCompletion completion = await Chat().CompleteChatAsync(
            [new SystemChatMessage("You are brief."), new UserChatMessage("Hello")], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 64 });

        StringBuilder streamed = new();
        await foreach (StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync(
            [new SystemChatMessage("You are brief."), new UserChatMessage("Hello")], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 64 }))
        {
            streamed.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        }

        Assert.NotEmpty(completion.Content[0].Text);
        Assert.Equal(completion.Content[0].Text, streamed.ToString());
    }

    [Fact]
    public async Task CompleteChat_OfAnUnknownModel_FailsWith404AndItsCode()
    {
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(
            () => _client.GetChatClient("no-such-model").CompleteChatAsync("Hello"));

        Assert.Equal(404, refused.Status);
        Assert.Contains("model_not_found", refused.GetRawResponse()!.Content.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetModels_OfTheCluster_ListsTheServedModel()
    {
        OpenAIModelCollection models = await _client.GetOpenAIModelClient().GetModelsAsync();

        Assert.Contains(models, model => model.Id == fixture.Cluster.Model);
    }

    private ChatClient Chat() => _client.GetChatClient(fixture.Cluster.Model);
}
