using System.Collections.Immutable;

namespace DeepSeekOrleans.Engine;

/// <summary>How the next token is chosen; the defaults leave every rule but greedy choice off.</summary>
public sealed record SamplingParameters
{
    public static SamplingParameters Greedy { get; } = new();

    /// <summary>0 means greedy; 0 to 2.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep the smallest set of tokens whose probabilities sum to this; above 0 to 1.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keep this many of the likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Drop tokens less likely than this share of the likeliest; 0 to 1.</summary>
    public float MinP { get; init; }

    /// <summary>
    /// Divides positive and multiplies negative logits of tokens seen in prompt or output (CTRL, Keskar et al. 2019); above 0 to 2.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted once from the logit of every token generated so far; -2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once per occurrence in the output so far; -2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of single tokens; -100 to 100.</summary>
    public ImmutableDictionary<int, float> LogitBias { get; init; } = ImmutableDictionary<int, float>.Empty;

    /// <summary>With the position in the output it determines every random choice.</summary>
    public ulong Seed { get; init; }
}
