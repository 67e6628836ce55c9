namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>How a dispatched request ended, as the frontend saw it.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.Completion")]
public sealed record Completion
{
    [Id(0)] public required Attempt Attempt { get; init; }

    [Id(1)] public required string Model { get; init; }

    [Id(2)] public required WorkerKey Worker { get; init; }

    /// <summary>False when the worker could not be reached, refused, or fell silent: the router then distrusts it.</summary>
    [Id(3)] public required bool WorkerAnswered { get; init; }

    /// <summary>The whole answer, when it may be kept.</summary>
    [Id(5)] public CachedResponse? Response { get; init; }

    /// <summary>The key of the request, when its answer may be shared and kept.</summary>
    [Id(6)] public AnswerKey? AnswerKey { get; init; }

    /// <summary>The request was dispatched as <see cref="DispatchKind.Follow"/>: there is no booking to give back.</summary>
    [Id(7)] public bool Followed { get; init; }
}
