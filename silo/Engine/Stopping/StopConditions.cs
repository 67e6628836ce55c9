namespace DeepSeekOrleans.Engine.Stopping;

/// <summary>Decides after each output token of one sequence whether it is the last.</summary>
internal sealed class StopConditions(GenerationRequest request, StopText? text)
{
    /// <summary>Feeds the next output token; null when the sequence goes on.</summary>
    public FinishReason? Judge(int token, int index)
    {
        // The text hears every token, also one that a stop token makes the last.
        bool completesStopString = text?.Append(token) ?? false;
        if (completesStopString || request.StopTokenIds.Contains(token))
        {
            return FinishReason.Stop;
        }

        return index + 1 >= request.MaxTokens ? FinishReason.Length : null;
    }

    /// <summary>Feeds the tokens emitted elsewhere; the result is set when they are already complete.</summary>
    public FinishReason? Replay()
    {
        FinishReason? finish = null;
        for (int index = 0; index < request.EmittedIds.Length && finish is null; index++)
        {
            finish = Judge(request.EmittedIds[index], index);
        }

        return finish;
    }
}
