namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>An attempt that another one is to replace.</summary>
/// <param name="Failure">Why.</param>
/// <param name="IsDoubted">Its worker is merely silent, and goes on until the other one is admitted.</param>
internal sealed record LeftAttempt(RunningAttempt Attempt, GenerationFailure Failure, bool IsDoubted)
{
    /// <summary>
    /// The request may be what its worker hangs at: the next one lets it prove the contrary first, so that not both of them, and then a
    /// third one, hang at it.
    /// </summary>
    public bool IsSuspect => Failure == GenerationFailure.WorkerStalled || Attempt.Inbox.IsSilent;

    /// <summary>Its worker has spoken again, and nothing is missing: there is no need for another one.</summary>
    public bool IsBack => IsDoubted && Attempt.Inbox is { IsSilent: false, HasFailed: false };
}
