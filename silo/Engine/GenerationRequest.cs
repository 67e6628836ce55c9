using System.Collections.Immutable;

namespace DeepSeekOrleans.Engine;

/// <summary>One sequence to generate. The caller has validated it; the engine refuses only what does not fit.</summary>
public sealed record GenerationRequest
{
    public const int LowestPriority = -2;

    public const int HighestPriority = 2;

    /// <summary>Names the sequence towards this engine; unique among the sequences that the engine holds.</summary>
    public required long Id { get; init; }

    public required string Tenant { get; init; }

    /// <summary>At least one token.</summary>
    public required ImmutableArray<int> PromptIds { get; init; }

    /// <summary>Tokens of this sequence that were generated elsewhere; generation continues after them.</summary>
    public ImmutableArray<int> EmittedIds { get; init; } = [];

    /// <summary>The most tokens to generate, <see cref="EmittedIds"/> included; at least 1.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>
    /// <see cref="LowestPriority"/> to <see cref="HighestPriority"/>. Orders the sequences of one tenant; between tenants it changes
    /// nothing, so that nobody gets ahead of others by asking for more.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>From here on nobody wants the rest: waiting or running, the sequence ends with <see cref="FinishReason.DeadlineExceeded"/>.</summary>
    public DateTimeOffset? Deadline { get; init; }

    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Each of these ends the sequence and is reported as its last token.</summary>
    public ImmutableArray<int> StopTokenIds { get; init; } = [];

    /// <summary>The sequence ends with the token that completes one of these in the decoded text.</summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>
    /// How many engines have come to a stop while they computed it. Where it is not 0 the sequence is on trial, as after a break of this
    /// engine; see ENGINE.md.
    /// </summary>
    public int Breaks { get; init; }
}
