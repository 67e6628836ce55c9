using System.Collections.Immutable;
using System.Diagnostics;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Benchmarks.Sampling;

/// <summary>
/// What the engine itself costs: 16 sequences over a runner that computes nothing and only copies prepared logits into place. The
/// copy is timed by itself, so that what is left is scheduling and sampling. Allocation is counted on the engine's thread.
/// </summary>
public static class SamplingBenchmark
{
    private const int Rows = 16;

    private static readonly (string Name, SamplingParameters Sampling)[] Cases =
    [
        ("greedy", SamplingParameters.Greedy),
        ("temperature 1", new() { Temperature = 1 }),
        ("temperature 0.7, top-k 40", new() { Temperature = 0.7f, TopK = 40 }),
        ("temperature 0.7, top-p 0.92, repetition 1.2", new() { Temperature = 0.7f, TopP = 0.92f, RepetitionPenalty = 1.2f }),
        ("worst: temperature 2, top-p 0.999", new() { Temperature = 2, TopP = 0.999f }),
    ];

    public static void Run(TextWriter output)
    {
        Tokenizer tokenizer = ModelLanguage.Load(Checkout.Folder("ops/demo-model")).Tokenizer;
        // The warm-up takes about half a second, after which the runtime has compiled the hot paths a second time.
        foreach ((int vocabulary, int warmUp, int steps) in new[] { (4_096, 10_000, 5_000), (151_936, 200, 300) })
        {
            output.WriteLine($"vocabulary {vocabulary}, {Rows} rows: copying the logits alone {CopyMicroseconds(vocabulary, steps):F0} us a step");
            foreach ((string name, SamplingParameters sampling) in Cases)
            {
                using var measurement = new StepMeasurement(warmUp, steps);
                Generate(new PreparedRunner(vocabulary, Rows, warmUp + steps + Rows + 2), tokenizer, measurement, sampling);
                output.WriteLine(
                    $"  {name}: {measurement.StepsPerSecond:F0} steps/s, {measurement.MicrosecondsPerStep:F0} us a step, "
                    + $"{measurement.BytesPerToken:F2} bytes allocated per token");
            }
        }
    }

    private static void Generate(PreparedRunner runner, Tokenizer tokenizer, StepMeasurement measurement, SamplingParameters sampling)
    {
        var engine = new InferenceEngine(
            runner, tokenizer, measurement, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        for (int id = 0; id < Rows; id++)
        {
            engine.Submit(new GenerationRequest
            {
                Id = id,
                Tenant = "benchmark",
                PromptIds = ImmutableArray.Create(id),
                MaxTokens = runner.Shape.ContextLength - 1,
                Sampling = sampling with { Seed = (ulong)id },
            });
        }

        engine.Start();
        measurement.WaitUntilDone();
        engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static double CopyMicroseconds(int vocabulary, int steps)
    {
        using var runner = new PreparedRunner(vocabulary, Rows, contextLength: 8);
        int[] tokens = new int[Rows];
        float[] logits = new float[Rows * vocabulary];
        runner.Decode(tokens, tokens, logits);
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
        {
            runner.Decode(tokens, tokens, logits);
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / steps;
    }
}
