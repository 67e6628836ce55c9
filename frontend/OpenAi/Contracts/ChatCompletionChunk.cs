using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>One event of a streamed chat completion.</summary>
internal record ChatCompletionChunk
{
    public required string Id { get; init; }

    public string Object { get; } = "chat.completion.chunk";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required ChatChunkChoice[] Choices { get; init; }

    /// <summary>Random filling, so that the event's size does not tell the token's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Obfuscation { get; init; }
}

/// <summary>The same for clients that asked for usage: null in all events but the last.</summary>
internal sealed record ChatCompletionChunkWithUsage : ChatCompletionChunk
{
    public Usage? Usage { get; init; }
}

internal sealed record ChatChunkChoice(int Index, ChatDelta Delta, string? FinishReason)
{
    public object? Logprobs { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerEvidence? Evidence { get; init; }
}

internal sealed record ChatDelta
{
    public static ChatDelta Empty { get; } = new();

    public static ChatDelta Opening { get; } = new() { Role = "assistant", Content = "" };

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }
}
