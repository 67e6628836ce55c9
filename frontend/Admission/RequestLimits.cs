using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>
/// The most that one request may ask for. What lies beyond is refused with 400 and the parameter's name before anything is
/// allocated for it.
/// </summary>
public sealed class RequestLimits
{
    public const string Section = "Limits";

    /// <summary>Bytes of a request body or gRPC message; above it 413 or RESOURCE_EXHAUSTED.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    [Range(1, 16_384)]
    public int MaxMessages { get; set; } = 2048;

    /// <summary>Text parts of one message.</summary>
    [Range(1, 1024)]
    public int MaxContentParts { get; set; } = 64;

    /// <summary>UTF-16 units of all texts of a prompt together: bounds the time that tokenizing a refused request can take.</summary>
    [Range(1, 16 * 1024 * 1024)]
    public int MaxPromptCharacters { get; set; } = 1_000_000;

    /// <summary>The highest <c>max_tokens</c> that is accepted at all; the model's context bounds it further.</summary>
    [Range(1, 1024 * 1024)]
    public int MaxTokens { get; set; } = 131_072;

    /// <summary>Tokens of an answer whose request names no limit, where the context leaves room for them.</summary>
    [Range(1, 1024 * 1024)]
    public int DefaultMaxTokens { get; set; } = 4096;

    /// <summary>Highest <c>n</c>: answers to one prompt.</summary>
    [Range(1, 128)]
    public int MaxChoices { get; set; } = 8;

    /// <summary>Prompts in one completions request.</summary>
    [Range(1, 128)]
    public int MaxPrompts { get; set; } = 8;

    /// <summary>Prompts times <c>n</c>: each is a stream of its own in the engine.</summary>
    [Range(1, 128)]
    public int MaxStreams { get; set; } = 16;

    /// <summary>Stop strings; DeepSeek's API allows 16, OpenAI's 4.</summary>
    [Range(1, 64)]
    public int MaxStopStrings { get; set; } = 16;

    /// <summary>UTF-16 units of one stop string: the stream may hold back that much text.</summary>
    [Range(1, 4096)]
    public int MaxStopLength { get; set; } = 256;

    [Range(1, 4096)]
    public int MaxLogitBias { get; set; } = 300;

    /// <summary>UTF-16 units of <c>user</c>.</summary>
    [Range(1, 4096)]
    public int MaxUserLength { get; set; } = 512;
}
