using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>What a client asks of the generation itself, every value inside its range.</summary>
internal sealed record ValidGeneration
{
    /// <summary>The seed is that of the first choice.</summary>
    public required SamplingOrder Sampling { get; init; }

    /// <summary>Null: as much as the context leaves, up to <see cref="MaxTokensByDefault"/>.</summary>
    public required int? MaxTokens { get; init; }

    public required int MaxTokensByDefault { get; init; }

    public required string[] StopStrings { get; init; }

    /// <summary>Answers per prompt.</summary>
    public required int Choices { get; init; }

    /// <summary>The same request will get the same answer, so that it may be kept and given again.</summary>
    public required bool KeepsAnswer { get; init; }
}
