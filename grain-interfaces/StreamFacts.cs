namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>How an answer came about: what its tokens depend on besides prompt, sampling and seed, and what was computed for it.</summary>
/// <param name="CachedTokens">Prompt tokens whose keys and values the worker held already.</param>
/// <param name="ModelVersion">SHA-256 of the model's source files in lower-case hex.</param>
/// <param name="Precision">How the worker computes matrix products, for example "fp32" or "int8".</param>
/// <param name="Provider">The execution provider, for example "cpu".</param>
[GenerateSerializer, Immutable, Alias("deepseek.StreamFacts")]
public sealed record StreamFacts(
    [property: Id(0)] int CachedTokens,
    [property: Id(1)] string ModelVersion,
    [property: Id(2)] string Precision,
    [property: Id(3)] string Provider);
