using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Cli.Chat;

internal sealed record ChatMessage(
    [property: JsonPropertyName("role")] string Role,
    [property: JsonPropertyName("content")] string Content);

/// <summary>A piece of a streamed answer: thought, answer, or both.</summary>
internal readonly record struct AnswerDelta(string Reasoning, string Content);

/// <summary>What is sent: what was said, or, with a <see cref="Conversation"/>, only what is said now.</summary>
internal sealed record ChatTurn(string Model, IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>Where its answer should be computed; null for anywhere.</summary>
    public string? Session { get; init; }

    /// <summary>The id of the stored conversation that it continues.</summary>
    public string? Conversation { get; init; }
}
