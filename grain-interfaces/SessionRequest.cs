namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>What the session grain needs to know of a request to place it.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.SessionRequest")]
public sealed record SessionRequest
{
    [Id(0)] public required string RequestId { get; init; }

    [Id(1)] public required long StreamId { get; init; }

    [Id(2)] public required string Model { get; init; }

    [Id(3)] public required int PromptTokens { get; init; }

    [Id(4)] public required int MaxTokens { get; init; }

    /// <summary>
    /// Chain of hashes over the prompt's blocks of 64 tokens, seeded with the tenant: entry i names the prefix of 64 x (i + 1) tokens, by
    /// the names that workers use in their <see cref="PrefixReport"/>.
    /// </summary>
    [Id(5)] public required ulong[] PrefixChain { get; init; }

    /// <summary>See <see cref="Attempt"/>; above 1 the request goes on, or begins, elsewhere.</summary>
    [Id(7)] public int AttemptNumber { get; init; } = 1;

    /// <summary>
    /// Null when the answer must be computed for this request alone. With it the first attempt can be answered from the cache, and each
    /// can follow an equal request.
    /// </summary>
    [Id(8)] public AnswerKey? AnswerKey { get; init; }
}
