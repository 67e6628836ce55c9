namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>How the next token is chosen. The neutral value of each number switches its rule off.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.SamplingOrder")]
public sealed record SamplingOrder
{
    /// <summary>0 means greedy; 0 to 2.</summary>
    [Id(0)] public float Temperature { get; init; }

    /// <summary>Above 0 to 1; 1 is neutral.</summary>
    [Id(1)] public float TopP { get; init; } = 1;

    /// <summary>0 is neutral.</summary>
    [Id(2)] public int TopK { get; init; }

    /// <summary>0 to 1; 0 is neutral.</summary>
    [Id(3)] public float MinP { get; init; }

    /// <summary>Above 0 to 2; 1 is neutral.</summary>
    [Id(4)] public float RepetitionPenalty { get; init; } = 1;

    /// <summary>-2 to 2; 0 is neutral.</summary>
    [Id(5)] public float PresencePenalty { get; init; }

    /// <summary>-2 to 2; 0 is neutral.</summary>
    [Id(6)] public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of single tokens, -100 to 100.</summary>
    [Id(7)] public Dictionary<int, float> LogitBias { get; init; } = [];

    /// <summary>With the position it determines every random choice, so that another worker would choose the same.</summary>
    [Id(8)] public required ulong Seed { get; init; }
}
