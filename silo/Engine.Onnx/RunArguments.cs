namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>
/// Holds every call against the model's shape before native code sees it: a negative token, for one, counts from the end of the
/// embedding there and yields a wrong answer instead of an error.
/// </summary>
internal static class RunArguments
{
    public static void CheckPrefill(ModelShape shape, int slot, int position, ReadOnlySpan<int> tokens, int logitCount, bool mayWantEach = true)
    {
        CheckSlot(shape, slot);
        if (tokens.Length < 1 || tokens.Length > shape.MaxPrefillChunk)
        {
            throw new ArgumentOutOfRangeException(nameof(tokens), tokens.Length, $"a chunk has 1 to {shape.MaxPrefillChunk} tokens");
        }

        CheckPosition(shape, position, tokens.Length);
        CheckTokens(shape, tokens);
        if (logitCount != 0 && logitCount != shape.Vocabulary && !(mayWantEach && logitCount == (long)tokens.Length * shape.Vocabulary))
        {
            throw new ArgumentOutOfRangeException(
                nameof(logitCount), logitCount, $"{tokens.Length} tokens have 0, {shape.Vocabulary} or {(long)tokens.Length * shape.Vocabulary} logits");
        }
    }

    public static void CheckDecode(ModelShape shape, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, int logitCount)
    {
        if (tokens.Length < 1 || tokens.Length > shape.Slots)
        {
            throw new ArgumentOutOfRangeException(nameof(tokens), tokens.Length, $"a step has 1 to {shape.Slots} rows");
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(positions.Length, tokens.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(logitCount, checked(tokens.Length * shape.Vocabulary));
        foreach (int position in positions)
        {
            CheckPosition(shape, position, 1);
        }

        CheckTokens(shape, tokens);
    }

    /// <param name="rows">Those that tokens may be asked for.</param>
    public static void CheckBest(ModelShape shape, int bestCount, int rows)
    {
        if (bestCount != 0 && !(shape.ChoosesTokens && bestCount == rows))
        {
            throw new ArgumentOutOfRangeException(nameof(bestCount), bestCount, "no token can be asked for of these rows");
        }
    }

    public static void CheckCopy(ModelShape shape, int source, int target, int length)
    {
        CheckSlot(shape, source);
        CheckSlot(shape, target);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, shape.ContextLength);
    }

    private static void CheckSlot(ModelShape shape, int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, shape.Slots);
    }

    private static void CheckPosition(ModelShape shape, int position, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, shape.ContextLength - count);
    }

    private static void CheckTokens(ModelShape shape, ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)shape.Vocabulary)
            {
                throw new ArgumentOutOfRangeException(nameof(tokens), token, $"a token is 0 to {shape.Vocabulary - 1}");
            }
        }
    }
}
