using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Simulation;

/// <summary>What one seed makes of the engine and its users: small pools, so that everything runs out often.</summary>
internal sealed class SimulationSettings
{
    private const int Vocabulary = 16;

    public required ModelShape Shape { get; init; }

    public required EngineOptions Options { get; init; }

    /// <summary>Null for a clock that stands still.</summary>
    public required CostModel? Costs { get; init; }

    /// <summary>Of the model, in tokens; with little of it outputs repeat themselves, so drafts come true.</summary>
    public required int Memory { get; init; }

    public required int Tenants { get; init; }

    public required double ArrivalRate { get; init; }

    /// <summary>Per open sequence and step.</summary>
    public required double CancelRate { get; init; }

    /// <summary>Per step.</summary>
    public required double TransientFaultRate { get; init; }

    /// <summary>One history in so many makes the model fail; 0 for none.</summary>
    public required uint LastingFaultEvery { get; init; }

    /// <summary>From here on no run succeeds.</summary>
    public required int DeviceDiesAtStep { get; init; }

    public static SimulationSettings From(Random random) =>
        From(random, new ModelShape(Vocabulary, random.Next(8, 40), random.Next(1, 6), random.Next(1, 9))
        {
            DecodesAsItPrefills = true,
            JoinsRuns = random.Next(2) == 0,
            ChoosesTokens = random.Next(2) == 0,
        });

    private static SimulationSettings From(Random random, ModelShape shape) => new()
    {
        Shape = shape,
        Options = new EngineOptions
        {
            MaxWaiting = random.Next(1, 7),
            PrefillChunk = random.Next(1, 9),
            ShortestPrefillChunk = random.Next(1, 4),
            FaultLimit = random.Next(3, 6),
            PrefixBlock = random.Next(1, 6),
            Speculation = random.Next(2) == 0 ? EngineOptions.SpeculationOff : EngineOptions.SpeculationByPromptLookup,
            KvTokens = random.Next(2) * random.Next(shape.ContextLength, (shape.ContextLength * shape.Slots) + 1),
        },
        Costs = random.Next(2) == 0 ? null : new CostModel(random.NextDouble(), random.NextDouble(), 1, random.NextDouble(), random.NextDouble(), 1, random.Next()),
        Memory = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 3),
        Tenants = random.Next(1, 5),
        ArrivalRate = random.NextDouble() * 0.6,
        CancelRate = random.Next(2) * random.NextDouble() * 0.05,
        TransientFaultRate = random.Next(2) * random.NextDouble() * 0.05,
        LastingFaultEvery = random.Next(3) == 0 ? (uint)random.Next(20, 200) : 0,
        DeviceDiesAtStep = random.Next(10) == 0 ? random.Next(500) : int.MaxValue,
    };

    public GenerationRequest NextRequest(Random random, long id, ExpectedTokens expected, DateTimeOffset now)
    {
        int promptLength = random.Next(1, Shape.ContextLength);
        var request = new GenerationRequest
        {
            Id = id,
            Tenant = $"t{random.Next(Tenants)}",
            Priority = random.Next(2) * random.Next(GenerationRequest.LowestPriority, GenerationRequest.HighestPriority + 1),
            Deadline = Costs is null || random.Next(3) > 0 ? null : now.AddMilliseconds(random.Next(200)),
            PromptIds = Prompt(random, promptLength),
            MaxTokens = random.Next(1, Shape.ContextLength - promptLength + 1),
            StopTokenIds = random.Next(2) == 0 ? [] : [random.Next(Vocabulary)],
            Sampling = random.Next(3) switch
            {
                0 => SamplingParameters.Greedy,
                1 => new() { Temperature = 0.7f, TopP = 0.92f, RepetitionPenalty = 1.2f, Seed = (ulong)id },
                _ => new() { Temperature = 1, TopK = 4, PresencePenalty = 0.5f, FrequencyPenalty = 0.2f, Seed = (ulong)id },
            },
        };
        return random.Next(4) == 0 ? ContinuedSomewhere(request, random, expected) : request;
    }

    public bool HasFault(ReadOnlySpan<int> history)
    {
        if (LastingFaultEvery == 0)
        {
            return false;
        }

        // Multiplicative hash, only to spread the faults over the histories.
        uint hash = 2166136261;
        foreach (int token in history)
        {
            hash = (hash ^ (uint)token) * 16777619;
        }

        return (hash >> 4) % LastingFaultEvery == 0;
    }

    /// <summary>Half of the faulty histories give NaN, the others throw. A chunk inside a prompt wants no logits and does not fail.</summary>
    public void InjectLastingFault(ReadOnlySpan<int> history, Span<float> logits)
    {
        if (logits.IsEmpty || !HasFault(history))
        {
            return;
        }

        if (history[^1] % 2 == 0)
        {
            throw new ModelRunException("lasting");
        }

        logits[history[^1]] = float.NaN;
    }

    /// <summary>Half of the prompts begin as one of three others do, for as long as chance has it.</summary>
    private static ImmutableArray<int> Prompt(Random random, int length)
    {
        int shared = random.Next(2) * random.Next(length + 1);
        int family = random.Next(3);
        return [.. Enumerable.Range(0, length).Select(i => i < shared ? ((i * 5) + family) % Vocabulary : random.Next(Vocabulary))];
    }

    private static GenerationRequest ContinuedSomewhere(GenerationRequest request, Random random, ExpectedTokens expected)
    {
        List<int> tokens = expected.Of(request, out _);
        return request.ContinuedAfter(tokens.Take(random.Next(tokens.Count + 1)));
    }
}
