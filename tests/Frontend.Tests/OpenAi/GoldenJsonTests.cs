using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.Streaming;
using Microsoft.AspNetCore.Http;

namespace DeepSeekOrleans.Frontend.Tests.OpenAi;

/// <summary>The exact bytes that clients rely on.</summary>
public sealed class GoldenJsonTests
{
    private static readonly Usage SomeUsage = new()
    {
        PromptTokens = 3,
        CompletionTokens = 2,
        TotalTokens = 5,
        PromptTokensDetails = new PromptTokensDetails(1),
        CompletionTokensDetails = new CompletionTokensDetails(1),
        PromptCacheHitTokens = 1,
        PromptCacheMissTokens = 2,
    };

    [Fact]
    public async Task WriteEvent_ChatDelta_IsOneLineWithAllKeys() => Assert.Equal(
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"demo\",\"system_fingerprint\":\"fp_1\","
        + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\n\\\"ü\"},\"finish_reason\":null,\"logprobs\":null}]}\n\n",
        await EventAsync(Chunk(new ChatDelta { Content = "a\n\"ü" }), OpenAiJsonContext.Default.ChatCompletionChunk));

    [Fact]
    public async Task WriteEvent_Reasoning_HasItsOwnKey() => Assert.Contains(
        "\"delta\":{\"reasoning_content\":\"hm\"}",
        await EventAsync(Chunk(new ChatDelta { ReasoningContent = "hm" }), OpenAiJsonContext.Default.ChatCompletionChunk),
        StringComparison.Ordinal);

    [Fact]
    public async Task WriteEvent_UsageChunk_HasNoChoiceAndBothNamesOfTheCache()
    {
        var chunk = new ChatCompletionChunkWithUsage
        {
            Id = "chatcmpl-1",
            Created = 7,
            Model = "demo",
            SystemFingerprint = "fp_1",
            Choices = [],
            Usage = SomeUsage,
        };

        using JsonDocument json = JsonDocument.Parse(
            (await EventAsync(chunk, OpenAiJsonContext.Default.ChatCompletionChunkWithUsage))["data: ".Length..]);

        Assert.Equal("[]", json.RootElement.GetProperty("choices").GetRawText());
        Assert.Equal(
            "{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":1},"
            + "\"completion_tokens_details\":{\"reasoning_tokens\":1},\"prompt_cache_hit_tokens\":1,\"prompt_cache_miss_tokens\":2}",
            json.RootElement.GetProperty("usage").GetRawText());
    }

    [Fact]
    public async Task WriteEvent_Error_HasAllFourKeys() => Assert.Equal(
        "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,\"code\":\"worker_lost\"}}\n\n",
        await EventAsync(new ErrorBody(new ErrorDetails("m", "server_error", null, "worker_lost")), OpenAiJsonContext.Default.ErrorBody));

    [Fact]
    public async Task WriteKeepAliveAndDone_AreACommentAndTheEnd() => Assert.Equal(
        ": keep-alive\n\ndata: [DONE]\n\n",
        await WrittenAsync(sse =>
        {
            sse.WriteKeepAlive();
            sse.WriteDone();
        }));

    private static ChatCompletionChunk Chunk(ChatDelta delta) => new()
    {
        Id = "chatcmpl-1",
        Created = 7,
        Model = "demo",
        SystemFingerprint = "fp_1",
        Choices = [new ChatChunkChoice(0, delta, null)],
    };

    private static Task<string> EventAsync<T>(T value, JsonTypeInfo<T> type) => WrittenAsync(sse => sse.WriteEvent(value, type));

    private static async Task<string> WrittenAsync(Action<SseWriter> write)
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Response.Body = body;
        using var sse = new SseWriter(context, TimeSpan.FromSeconds(10), TimeProvider.System);

        write(sse);
        await sse.FlushAsync(CancellationToken.None);
        return System.Text.Encoding.UTF8.GetString(body.ToArray());
    }
}
