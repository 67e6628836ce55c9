namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>
/// The new tokens of one frontend's streams after one engine step, or, without any, a beat: a worker sends one at least
/// every 250 ms while it has streams open for that frontend.
/// </summary>
[GenerateSerializer, Immutable, Alias("deepseek.TokenBatch")]
public sealed record TokenBatch
{
    [Id(0)] public required WorkerKey Worker { get; init; }

    /// <summary>Changes whenever the worker is activated anew; the numbering starts again with it.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>Counts this frontend's messages of this epoch from 1, without a gap.</summary>
    [Id(2)] public required long Number { get; init; }

    [Id(3)] public StreamDelta[] Deltas { get; init; } = [];
}

/// <summary>The next tokens of one stream.</summary>
/// <param name="StreamId">See <see cref="Attempt"/>.</param>
/// <param name="AttemptNumber">See <see cref="Attempt"/>.</param>
/// <param name="FirstIndex">The position of the first of these tokens in the stream, from 0.</param>
/// <param name="TokenIds">May be empty when only the finish is told.</param>
/// <param name="Finish">Set on the last delta of the stream, and on no other.</param>
/// <param name="Facts">Set on the first delta of an attempt that has tokens, and on no other.</param>
[GenerateSerializer, Immutable, Alias("deepseek.StreamDelta")]
public readonly record struct StreamDelta(
    [property: Id(0)] long StreamId,
    [property: Id(1)] int AttemptNumber,
    [property: Id(2)] int FirstIndex,
    [property: Id(3)] int[] TokenIds,
    [property: Id(4)] StreamFinish? Finish,
    [property: Id(5)] StreamFacts? Facts = null);

/// <summary>Why a stream has ended.</summary>
public enum StreamFinish
{
    /// <summary>A stop token or a stop string.</summary>
    Stop = 0,

    /// <summary>The token limit.</summary>
    Length = 1,

    /// <summary>The frontend asked for it.</summary>
    Cancelled = 2,

    /// <summary>This request made the model fail; it is not tried elsewhere.</summary>
    ModelFault = 3,

    /// <summary>The worker stops before the stream is complete; another worker can continue it.</summary>
    WorkerStopping = 4,

    /// <summary>This request broke the worker's engine twice; it is not tried elsewhere.</summary>
    RepeatedFault = 5,

    /// <summary>
    /// The worker made no progress any more; another worker can continue the stream, which may be what stopped it:
    /// see <see cref="GenerationOrder.Breaks"/>.
    /// </summary>
    WorkerStalled = 6,
}
