namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>A worker's answer to <see cref="IGpuWorkerGrain.StartAsync"/>.</summary>
public enum StartReply
{
    Admitted = 0,

    /// <summary>All slots and the queue are taken; another worker may have room.</summary>
    Full = 1,

    /// <summary>The worker takes no new work because it is shutting down or its engine has failed.</summary>
    Draining = 2,

    /// <summary>Prompt and output together never fit this model's context.</summary>
    NeverFits = 3,

    /// <summary>The worker has already seen a newer attempt of this stream, or its cancellation.</summary>
    Superseded = 4,

    /// <summary>Admitted, and nothing is computed for it: the stream reads what an equal one is getting, from its own first token.</summary>
    Joined = 5,
}
