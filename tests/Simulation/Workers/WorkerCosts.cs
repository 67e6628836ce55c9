namespace DeepSeekOrleans.Simulation.Workers;

/// <summary>
/// What a worker's runs cost, in seconds, and what it can hold. The two that are simulated follow published figures; where each number
/// comes from stands in the README beside this project.
/// </summary>
internal sealed record WorkerCosts
{
    /// <summary>
    /// DeepSeek-R1-Distill-Llama-70B in FP8 on two H100. Prefill and decode from NVIDIA's published throughput of Llama 3.3 70B for two
    /// shapes; <c>WorkerCostsTests</c> holds them against three more.
    /// </summary>
    public static WorkerCosts DistillOnTwoH100 { get; } = new()
    {
        PrefillToken = 66e-6,
        AttentionDoublesAt = 53_400,
        WeightPass = 15e-3,
        DecodeRow = 40e-6,
        DecodePosition = 35e-9,
        KvTokens = 450_000,
        Slots = 64,
        PrefillChunk = 256,
    };

    /// <summary>
    /// DeepSeek-R1 in FP8 on a node of eight H200. Prefill and decode from what DeepSeek published of its own service for each node of
    /// eight H800; the memory is that of eight H200, because the weights alone exceed that of eight H800.
    /// </summary>
    public static WorkerCosts R1OnEightH200 { get; } = new()
    {
        PrefillToken = 31e-6,
        AttentionDoublesAt = 14_800,
        WeightPass = 26e-3,
        DecodeRow = 17e-6,
        DecodePosition = 2.6e-9,
        KvTokens = 4_500_000,
        Slots = 1_024,
        PrefillChunk = 2_048,
    };

    /// <summary>A prompt token without attention.</summary>
    public required double PrefillToken { get; init; }

    /// <summary>The context in tokens at which attention costs as much as the rest.</summary>
    public required double AttentionDoublesAt { get; init; }

    /// <summary>One pass over the weights; no run takes less.</summary>
    public required double WeightPass { get; init; }

    /// <summary>What a row adds to a decode run.</summary>
    public required double DecodeRow { get; init; }

    /// <summary>What a position of keys and values adds to a decode run.</summary>
    public required double DecodePosition { get; init; }

    /// <summary>Positions for keys and values.</summary>
    public required int KvTokens { get; init; }

    /// <summary>Sequences at once, and what ended ones leave.</summary>
    public required int Slots { get; init; }

    /// <summary>See <see cref="Engine.EngineOptions"/>, as the next three.</summary>
    public required int PrefillChunk { get; init; }

    public int ShortestPrefillChunk { get; init; } = 8;

    public double PrefillShare { get; init; } = 0.9;

    public int MaxWaiting { get; init; } = 256;

    /// <summary>A prompt token with so many before it.</summary>
    public double PrefillTokenAt(double position) => PrefillToken * (1 + (position / AttentionDoublesAt));

    /// <summary>One token of each of so many sequences, which hold so many positions together.</summary>
    public double DecodeRun(int rows, double positions) => rows == 0 ? 0 : WeightPass + (DecodeRow * rows) + (DecodePosition * positions);
}
