namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>What a worker tells the router each second and on every change that matters.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.WorkerStatus")]
public sealed record WorkerStatus
{
    [Id(0)] public required WorkerKey Worker { get; init; }

    [Id(1)] public required WorkerState State { get; init; }

    /// <summary>Orders the reports of one worker; a report with a lower number than the last one seen is stale.</summary>
    [Id(2)] public required long Number { get; init; }

    /// <summary>Sequences that hold a KV slot.</summary>
    [Id(3)] public required int Running { get; init; }

    /// <summary>Sequences admitted but still without a slot.</summary>
    [Id(4)] public required int Waiting { get; init; }

    /// <summary>KV slots in all.</summary>
    [Id(5)] public required int Slots { get; init; }

    /// <summary>The most sequences that may wait.</summary>
    [Id(6)] public required int QueueLimit { get; init; }

    /// <summary>Prompt and output tokens that one sequence can have.</summary>
    [Id(7)] public required int ContextLength { get; init; }

    /// <summary>SHA-256 of the model's manifest in lower-case hex: which weights are served.</summary>
    [Id(8)] public required string ModelVersion { get; init; }

    /// <summary>Prompt tokens still to be computed before every admitted sequence has its first token.</summary>
    [Id(9)] public long QueuedTokens { get; init; }

    /// <summary>Seconds that a prompt token was measured to cost; 0 before the first measurement.</summary>
    [Id(10)] public double PrefillCost { get; init; }

    /// <summary>Seconds that one more running sequence was measured to add to a step; 0 before it is known.</summary>
    [Id(11)] public double DecodeCost { get; init; }
}

public enum WorkerState
{
    Loading = 0,
    Ready = 1,
    Draining = 2,
    Unhealthy = 3,
}
