namespace DeepSeekOrleans.Engine;

/// <summary>
/// Hears what each engine step produced, several tokens of one sequence in their order. Called on the engine's thread: it must hand over
/// and return at once.
/// </summary>
public interface IStepObserver
{
    void OnStep(ReadOnlySpan<EmittedToken> tokens);
}

/// <summary>One new token of one sequence, or its end without a token.</summary>
/// <param name="SequenceId">The request's id.</param>
/// <param name="Index">Position in the output, from 0.</param>
/// <param name="TokenId">-1 when only the end is told.</param>
/// <param name="Finish">Set on the last entry of a sequence.</param>
/// <param name="CachedTokens">With the first token: prompt tokens that had been computed for another sequence; otherwise 0.</param>
public readonly record struct EmittedToken(long SequenceId, int Index, int TokenId, FinishReason? Finish, int CachedTokens = 0);

public enum FinishReason
{
    /// <summary>A stop token or stop string.</summary>
    Stop,

    /// <summary>The token limit.</summary>
    Length,

    Cancelled,

    /// <summary>The model failed on this sequence: NaN logits, or a failed run that is traced to it.</summary>
    ModelFault,

    /// <summary>The request's deadline has passed.</summary>
    DeadlineExceeded,

    /// <summary>The engine stops before the sequence is complete; another engine can continue it.</summary>
    EngineStopping,

    /// <summary>
    /// The engine broke while this sequence ran, was built anew, and broke on it again. It is to be tried neither here nor elsewhere.
    /// </summary>
    RepeatedFault,
}
