namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>Where a request goes: exactly one of the four outcomes.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.Dispatch")]
public sealed record Dispatch
{
    [Id(0)] public required DispatchKind Kind { get; init; }

    /// <summary>Set when <see cref="Kind"/> is <see cref="DispatchKind.Run"/> or <see cref="DispatchKind.Follow"/>.</summary>
    [Id(1)] public WorkerKey Worker { get; init; }

    /// <summary>Set when <see cref="Kind"/> is <see cref="DispatchKind.Run"/> or <see cref="DispatchKind.Follow"/>.</summary>
    [Id(2)] public Attempt Attempt { get; init; }

    /// <summary>Set when <see cref="Kind"/> is <see cref="DispatchKind.Cached"/>.</summary>
    [Id(3)] public CachedResponse? Response { get; init; }

    /// <summary>When to try again, for the two refusals.</summary>
    [Id(4)] public TimeSpan RetryAfter { get; init; }

    /// <summary>Prompt tokens that the worker is believed to hold already; for logs and tests, the worker itself decides.</summary>
    [Id(5)] public int CachedTokens { get; init; }
}

public enum DispatchKind
{
    /// <summary>Start the attempt on the worker, where room is booked for it.</summary>
    Run = 0,

    /// <summary>The exact answer is known.</summary>
    Cached = 1,

    /// <summary>Every worker of the model is full.</summary>
    Busy = 2,

    /// <summary>The model has no worker at present.</summary>
    NoWorker = 3,

    /// <summary>The worker computes an equal request now: start the attempt there, where it will join; nothing is booked for it.</summary>
    Follow = 4,
}

/// <summary>The tokens of a finished, deterministic answer, and how they came about when they were computed.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.CachedResponse")]
public sealed record CachedResponse(
    [property: Id(0)] int[] TokenIds,
    [property: Id(1)] StreamFinish Finish,
    [property: Id(2)] StreamFacts? Facts = null);
