namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>What a client asks of the generation itself, in any protocol; null is "not said". Nothing of it has been checked.</summary>
internal sealed record RequestedGeneration
{
    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public int? TopK { get; init; }

    public double? MinP { get; init; }

    public double? PresencePenalty { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? RepetitionPenalty { get; init; }

    public IReadOnlyDictionary<int, double>? LogitBias { get; init; }

    public long? Seed { get; init; }

    public int? MaxTokens { get; init; }

    /// <summary>The name under which the client gave <see cref="MaxTokens"/>.</summary>
    public string MaxTokensName { get; init; } = "max_tokens";

    public IReadOnlyList<string> Stop { get; init; } = [];

    public int? Choices { get; init; }

    /// <summary>See <see cref="ValidGeneration.KeepsAnswer"/>.</summary>
    public bool? Cache { get; init; }

    /// <summary>The model may answer with a call of a tool, of whose effects nobody knows.</summary>
    public bool OffersTools { get; init; }

    public string? User { get; init; }
}
