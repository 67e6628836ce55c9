using System.Diagnostics;
using DeepSeekOrleans.Benchmarks.Machine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.InterToken;

/// <summary>What a long prompt does to others: the gaps between the tokens of eight running streams with and without it.</summary>
internal static class InterTokenBenchmark
{
    private const int Streams = 8;
    private const int StreamPrompt = 128;
    private const int LongPrompt = 2_048;
    private const int NewTokens = LongPrompt - StreamPrompt;
    private const double Goal = 2;

    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async Task RunAsync(TextWriter output, BenchmarkSelection selection)
    {
        await output.WriteLineAsync($"CPU: {CpuDescription.Read()}\n");
        await output.WriteLineAsync(
            $"| shape | form | p50 / p99 of {Streams} streams, ms | the same beside a prompt of {LongPrompt} | p99 ratio | TTFT of the prompt, ms |\n|---|---|---|---|---|---|");
        foreach (DecoderShape shape in selection.Shapes)
        {
            foreach (EngineForm form in selection.FormsFor(shape, output))
            {
                await MeasureAsync(output, shape, form, joinRuns: true);
                if (form.JoinsRuns)
                {
                    await MeasureAsync(output, shape, form, joinRuns: false);
                }
            }
        }
    }

    private static async Task MeasureAsync(TextWriter output, DecoderShape shape, EngineForm form, bool joinRuns)
    {
        await using TimedEngine engine = new(form.Load(shape, Streams + 1, LongPrompt + 8, joinRuns));
        TimedStream[] streams = [.. Enumerable.Range(0, Streams).Select(index =>
            engine.Submit(RandomPrompt.Create(index, StreamPrompt, shape.Vocabulary), NewTokens))];
        await Task.WhenAll(streams.Select(stream => stream.FirstToken));

        long quietFrom = Stopwatch.GetTimestamp();
        await Task.Delay(QuietTime);
        long quietTo = Stopwatch.GetTimestamp();
        TimedStream prompt = engine.Submit(RandomPrompt.Create(Streams, LongPrompt, shape.Vocabulary), 2);
        await prompt.FirstToken.WaitAsync(Limit);
        long busyTo = Stopwatch.GetTimestamp();
        if (streams.Any(stream => stream.Ended.IsCompleted))
        {
            throw new InvalidOperationException("a stream ended before the prompt was computed: its gaps say nothing");
        }

        double[] quiet = [.. streams.SelectMany(stream => stream.Gaps(quietFrom, quietTo))];
        double[] busy = [.. streams.SelectMany(stream => stream.Gaps(prompt.SubmittedAt, busyTo))];
        double ratio = Quantile.Of(busy, 0.99) / Quantile.Of(quiet, 0.99);
        await output.WriteLineAsync(FormattableString.Invariant(
            $"| {BenchmarkSelection.Title(shape)} | {form.Name}{(joinRuns ? "" : ", runs apart")} | {Quantile.Of(quiet, 0.5):F1} / {Quantile.Of(quiet, 0.99):F1} | {Quantile.Of(busy, 0.5):F1} / {Quantile.Of(busy, 0.99):F1} | {ratio:F1}x (goal {Goal:F0}x{(ratio <= Goal ? "" : ", MISSED")}) | {prompt.TimeToFirstToken.TotalMilliseconds:F0} |"));
        foreach (TimedStream stream in streams)
        {
            engine.Cancel(stream);
        }
    }
}
