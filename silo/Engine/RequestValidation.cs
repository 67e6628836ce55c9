namespace DeepSeekOrleans.Engine;

/// <summary>Refuses requests that would break the engine; a caller that validates its input never sees it.</summary>
internal static class RequestValidation
{
    public static void ThrowIfInvalid(GenerationRequest request, int vocabulary)
    {
        if (request.PromptIds.IsDefaultOrEmpty)
        {
            throw new ArgumentException("the prompt has no token", nameof(request));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(request.MaxTokens, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Priority, GenerationRequest.LowestPriority, nameof(request));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.Priority, GenerationRequest.HighestPriority, nameof(request));
        ThrowIfOutside(request.PromptIds.AsSpan(), vocabulary, "prompt");
        ThrowIfOutside(request.EmittedIds.AsSpan(), vocabulary, "output");
        if (request.StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException("a stop string is empty", nameof(request));
        }

        foreach (int token in request.Sampling.LogitBias.Keys)
        {
            ThrowIfOutside([token], vocabulary, "logit bias");
        }
    }

    private static void ThrowIfOutside(ReadOnlySpan<int> tokens, int vocabulary, string where)
    {
        // Seen as unsigned, a negative id is above every vocabulary.
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)vocabulary)
            {
                throw new ArgumentException($"token {token} of the {where} is outside the vocabulary of {vocabulary}", nameof(tokens));
            }
        }
    }
}
