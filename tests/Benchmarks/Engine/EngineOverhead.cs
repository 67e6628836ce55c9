using System.Collections.Immutable;
using System.Diagnostics;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.RandomModels;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>
/// What the engine adds to the session's Run: scheduling, sampling, and the copy of the logits out of the session's memory, for eight
/// streams at once.
/// </summary>
internal static class EngineOverhead
{
    private const int Rows = 8;
    private const int WarmUp = 20;
    private const int Steps = 60;
    private const double Goal = 0.03;

    // Random weights give nearly flat logits, on which top-p sorts nearly the whole vocabulary: '-- sampling' measures it on likely ones.
    private static readonly (string Name, SamplingParameters Sampling)[] Samplings =
        [("greedy", SamplingParameters.Greedy), ("temperature 0.7", new SamplingParameters { Temperature = 0.7f })];

    public static void Run(TextWriter output, DecoderShape shape, BenchmarkSelection selection)
    {
        output.WriteLine();
        foreach (EngineForm form in selection.FormsFor(shape, TextWriter.Null))
        {
            foreach ((string name, SamplingParameters sampling) in Samplings)
            {
                using TimedRunner runner = new(form.Load(shape, Rows, WarmUp + Steps + (2 * Rows)));
                OverheadMeasurement measured = new(runner, WarmUp, Steps);
                Generate(runner, measured, sampling);
                TimeSpan copy = CopyTime(shape.Vocabulary);
                double run = (measured.Decoding - (copy * Steps)).TotalMilliseconds / Steps;
                double step = measured.Elapsed.TotalMilliseconds / Steps;
                double overhead = (step - run) / run;
                output.WriteLine(FormattableString.Invariant(
                    $"engine over the session's Run, {BenchmarkSelection.Title(shape)} {form.Name}, {Rows} rows, {name}: step {step:F2} ms, Run {run:F2} ms, overhead {overhead:P1} (goal {Goal:P0}{(overhead <= Goal ? "" : ", MISSED")})"));
            }
        }
    }

    private static void Generate(TimedRunner runner, OverheadMeasurement measurement, SamplingParameters sampling)
    {
        InferenceEngine engine = new(
            runner, ModelText.Load(ModelDirectory.Demo.FullName).Tokenizer, measurement, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
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

    private static TimeSpan CopyTime(int vocabulary)
    {
        const int Rounds = 50;
        float[] source = new float[Rows * vocabulary];
        float[] target = new float[Rows * vocabulary];
        source.CopyTo(target, 0);
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds; round++)
        {
            source.CopyTo(target, 0);
        }

        return Stopwatch.GetElapsedTime(start) / Rounds;
    }

    /// <summary>Remembers clock and decode time after the warm-up and at the end, on the engine's thread.</summary>
    private sealed class OverheadMeasurement(TimedRunner runner, int warmUp, int steps) : IStepObserver
    {
        private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _fullSteps;
        private long _startedAt;
        private TimeSpan _decodingBefore;

        public TimeSpan Elapsed { get; private set; }

        public TimeSpan Decoding { get; private set; }

        public void OnStep(ReadOnlySpan<EmittedToken> tokens)
        {
            if (tokens.Length < Rows)
            {
                return;
            }

            _fullSteps++;
            if (_fullSteps == warmUp)
            {
                _decodingBefore = runner.Decoding;
                _startedAt = Stopwatch.GetTimestamp();
            }
            else if (_fullSteps == warmUp + steps)
            {
                Elapsed = Stopwatch.GetElapsedTime(_startedAt);
                Decoding = runner.Decoding - _decodingBefore;
                _done.SetResult();
            }
        }

        public void WaitUntilDone() => _done.Task.WaitAsync(Limit).GetAwaiter().GetResult();
    }
}
