using DeepSeekOrleans.Frontend.OpenAi.Json;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The fields that chat and text completions share.</summary>
internal abstract record GenerationFields
{
    public string? Model { get; init; }

    public int? MaxTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public int? TopK { get; init; }

    public double? MinP { get; init; }

    public double? PresencePenalty { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? RepetitionPenalty { get; init; }

    public Dictionary<int, double>? LogitBias { get; init; }

    public long? Seed { get; init; }

    public int? N { get; init; }

    public StopStrings? Stop { get; init; }

    public bool? Stream { get; init; }

    public StreamSettings? StreamOptions { get; init; }

    public string? User { get; init; }

    /// <summary>False never uses a kept answer; true keeps the answer also of a sampled request that names its seed.</summary>
    public bool? Cache { get; init; }

    /// <summary>Tell with each answer what it depended on: weights, precision, provider and seed.</summary>
    public bool? Evidence { get; init; }

    // vLLM's name for what the engine always does
    public bool? SkipSpecialTokens { get; init; }

    // parameters that would change the answer and are not built
    public UnbuiltParameter Logprobs { get; init; }

    public UnbuiltParameter PromptLogprobs { get; init; }

    public UnbuiltParameter MinTokens { get; init; }

    public UnbuiltParameter IgnoreEos { get; init; }

    public UnbuiltParameter StopTokenIds { get; init; }

    public UnbuiltParameter IncludeStopStrInOutput { get; init; }

    public UnbuiltParameter StructuredOutputs { get; init; }

    public UnbuiltParameter GuidedJson { get; init; }

    public UnbuiltParameter GuidedRegex { get; init; }

    public UnbuiltParameter GuidedChoice { get; init; }

    public UnbuiltParameter GuidedGrammar { get; init; }

    public UnbuiltParameter CacheSalt { get; init; }

    public UnbuiltParameter ReturnTokenIds { get; init; }
}

/// <summary>One stop string or several.</summary>
internal sealed record StopStrings(string[] Values);

internal sealed record StreamSettings
{
    public bool? IncludeUsage { get; init; }

    public bool? IncludeObfuscation { get; init; }
}
