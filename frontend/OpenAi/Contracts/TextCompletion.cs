using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The answer of <c>POST /v1/completions</c>, and one event of it when it is streamed.</summary>
internal record TextCompletion
{
    public required string Id { get; init; }

    public string Object { get; } = "text_completion";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required TextChoice[] Choices { get; init; }

    /// <summary>Random filling, so that the event's size does not tell the token's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Obfuscation { get; init; }
}

/// <summary>The whole answer, or an event for clients that asked for usage: null in all events but the last.</summary>
internal sealed record TextCompletionWithUsage : TextCompletion
{
    public Usage? Usage { get; init; }
}

internal sealed record TextChoice(int Index, string Text, string? FinishReason)
{
    public object? Logprobs { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerEvidence? Evidence { get; init; }
}
