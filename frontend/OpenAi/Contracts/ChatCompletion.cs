using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The answer of <c>POST /v1/chat/completions</c> when it is not streamed.</summary>
internal sealed record ChatCompletion
{
    public required string Id { get; init; }

    public string Object { get; } = "chat.completion";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required ChatChoice[] Choices { get; init; }

    public required Usage Usage { get; init; }
}

internal sealed record ChatChoice(int Index, AssistantMessage Message, string FinishReason)
{
    public object? Logprobs { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerEvidence? Evidence { get; init; }
}

internal sealed record AssistantMessage
{
    public string Role { get; } = "assistant";

    public required string Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    public string? Refusal { get; }
}
