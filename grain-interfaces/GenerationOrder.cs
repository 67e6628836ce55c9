using System.Collections.Immutable;

namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>What a worker needs to compute one stream. Everything in it has been validated by the frontend.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.GenerationOrder")]
public sealed record GenerationOrder
{
    [Id(0)] public required string Tenant { get; init; }

    /// <summary>The rendered and tokenized prompt.</summary>
    [Id(1)] public required int[] PromptIds { get; init; }

    /// <summary>Tokens that an earlier attempt has already delivered; the worker continues after them.</summary>
    [Id(2)] public int[] EmittedIds { get; init; } = [];

    /// <summary>The most tokens that the stream may have, the emitted ones included; at least 1.</summary>
    [Id(3)] public required int MaxTokens { get; init; }

    [Id(4)] public required SamplingOrder Sampling { get; init; }

    /// <summary>Tokens that end the stream; the ending token is delivered as the last one.</summary>
    [Id(5)] public int[] StopTokenIds { get; init; } = [];

    /// <summary>Texts that end the stream as soon as the decoded text contains one.</summary>
    [Id(6)] public string[] StopStrings { get; init; } = [];

    /// <summary>
    /// How many workers have stalled or fallen silent while they computed the stream. Where it is not 0, the next one lets the stream prove first that it
    /// was not to blame.
    /// </summary>
    [Id(7)] public int Breaks { get; init; }

    /// <summary>
    /// Set when the answer may be shared: a worker that computes the answer of this key already lets the stream read it. Null when the
    /// stream must have a computation of its own.
    /// </summary>
    [Id(8)] public AnswerKey? AnswerKey { get; init; }
}
