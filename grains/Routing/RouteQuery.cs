namespace DeepSeekOrleans.Grains.Routing;

/// <summary>What a policy needs to know of one request.</summary>
/// <param name="blocks">The names of its prompt's prefixes, one for each whole block, from the shortest to the longest.</param>
/// <param name="promptTokens">Tokens of the whole prompt; at least 1.</param>
/// <param name="blockTokens">Tokens in a block.</param>
internal readonly ref struct RouteQuery(ReadOnlySpan<ulong> blocks, int promptTokens, int blockTokens)
{
    public ReadOnlySpan<ulong> Blocks { get; } = blocks;

    public int PromptTokens => promptTokens;

    /// <summary>Prompt tokens that a worker which holds so many blocks has still to compute: always the last one, for its logits.</summary>
    public int TokensLeft(int heldBlocks) => Math.Max(promptTokens - (heldBlocks * blockTokens), 1);
}
