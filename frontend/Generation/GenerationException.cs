using System.Diagnostics;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>A valid request could not be answered, or not to its end. The message is written for the client.</summary>
internal sealed class GenerationException(GenerationFailure failure, TimeSpan? retryAfter = null) : Exception(TextOf(failure))
{
    public GenerationFailure Failure { get; } = failure;

    /// <summary>When it is worth trying again; null when that is not known.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    private static string TextOf(GenerationFailure failure) => failure switch
    {
        GenerationFailure.Busy => "every worker of this model is busy; try again later",
        GenerationFailure.NoWorker => "no worker of this model is ready; try again later",
        GenerationFailure.Unanswered => "the cluster does not answer; try again later",
        GenerationFailure.WorkerLost => "the worker of this stream was lost before the answer was complete",
        GenerationFailure.WorkersLost => "several workers were lost while they computed this answer; do not send the request again",
        GenerationFailure.WorkerStopping => "the worker of this stream was stopped before the answer was complete",
        GenerationFailure.WorkerStalled => "the worker of this stream made no progress before the answer was complete",
        GenerationFailure.ModelFault => "the model failed on this request",
        GenerationFailure.RepeatedFault => "this request broke the model twice; do not send it again",
        GenerationFailure.ConversationsAway =>
            "conversations need their store, which is out of reach; try again later, or send the messages without 'conversation'",
        GenerationFailure.SlowReader => "the answer was read too slowly, the stream has been cut",
        _ => throw new UnreachableException(),
    };
}

internal enum GenerationFailure
{
    Busy,
    NoWorker,

    /// <summary>The calls went unanswered: whether there is a worker is not known.</summary>
    Unanswered,
    WorkerLost,

    /// <summary>One after the other; the request itself may be what breaks them.</summary>
    WorkersLost,
    WorkerStopping,

    /// <summary>Its engine hangs, possibly because of this request.</summary>
    WorkerStalled,
    ModelFault,
    RepeatedFault,
    SlowReader,

    /// <summary>What keeps conversations does not answer; requests without one are not affected.</summary>
    ConversationsAway,
}
