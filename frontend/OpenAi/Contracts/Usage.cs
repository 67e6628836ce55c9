namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>Tokens of a request, in OpenAI's and DeepSeek's names.</summary>
internal sealed record Usage
{
    public required int PromptTokens { get; init; }

    public required int CompletionTokens { get; init; }

    public required int TotalTokens { get; init; }

    public required PromptTokensDetails PromptTokensDetails { get; init; }

    public required CompletionTokensDetails CompletionTokensDetails { get; init; }

    public required int PromptCacheHitTokens { get; init; }

    public required int PromptCacheMissTokens { get; init; }
}

internal sealed record PromptTokensDetails(int CachedTokens);

internal sealed record CompletionTokensDetails(int ReasoningTokens);
