namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>What an answer depended on besides the request's own fields: with the same of all, it can be computed again.</summary>
internal sealed record AnswerEvidence
{
    /// <summary>SHA-256 of the model's source files in lower-case hex.</summary>
    public required string ModelVersion { get; init; }

    public required string Precision { get; init; }

    public required string Provider { get; init; }

    /// <summary>As the request's <c>seed</c>, which it was or could be.</summary>
    public required long Seed { get; init; }

    /// <summary>The answer was not computed again, but kept from an equal request.</summary>
    public required bool Cached { get; init; }

    /// <summary>The answer was computed for an equal request at that moment, and came as it was computed.</summary>
    public required bool Shared { get; init; }
}
