using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.Benchmarks.Engine;
using DeepSeekOrleans.Benchmarks.Machine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Forms;

/// <summary>
/// The number formats of one shape against each other: all are loaded at once and take turns, so that what else the machine does meets
/// all of them. Where the machine is shared this says which form is faster, and by how much, when absolute figures say nothing.
/// </summary>
internal static class FormBenchmark
{
    private const int Past = 128;
    private const int Rounds = 9;
    private const int StepsPerRound = 5;

    private static readonly int[] RowCounts = [1, 2, 3, 4, 8, 16];

    public static void Run(TextWriter output, BenchmarkSelection selection)
    {
        output.WriteLine($"CPU: {CpuDescription.Read()}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{EngineForm.Threads} threads, not spinning; medians of {Rounds * StepsPerRound} steps with {Past} tokens of context, ms; in brackets the first form's time divided by this one's"));
        foreach (DecoderShape shape in selection.Shapes)
        {
            output.WriteLine();
            output.WriteLine($"| {BenchmarkSelection.Title(shape)} | {string.Join(" | ", RowCounts.Select(rows => $"{rows} rows"))} |");
            output.WriteLine($"|---|{string.Concat(RowCounts.Select(_ => "---|"))}");
            Compare(output, shape, [.. selection.FormsFor(shape, output)]);
        }
    }

    private static void Compare(TextWriter output, DecoderShape shape, EngineForm[] forms)
    {
        RunnerDecoder[] decoders = Array.ConvertAll(forms, form => Open(shape, form));
        try
        {
            double[][] medians = [.. RowCounts.Select(rows => Medians(decoders, rows))];
            foreach ((int index, EngineForm form) in forms.Index())
            {
                output.WriteLine($"| {form.Name} | {string.Join(" | ", medians.Select(row => string.Create(
                    CultureInfo.InvariantCulture, $"{row[index]:F1} ({row[0] / row[index]:F2}x)")))} |");
            }
        }
        finally
        {
            Array.ForEach(decoders, decoder => decoder.Dispose());
        }
    }

    private static double[] Medians(RunnerDecoder[] decoders, int rows)
    {
        List<double>[] steps = Array.ConvertAll(decoders, _ => new List<double>());
        int[] tokens = RandomPrompt.Create(seed: 1, rows, decoders[0].Vocabulary);
        for (int round = -1; round < Rounds; round++)
        {
            foreach ((int index, RunnerDecoder decoder) in decoders.Index())
            {
                for (int step = 0; step < StepsPerRound; step++)
                {
                    long start = Stopwatch.GetTimestamp();
                    decoder.Decode(tokens, Past + step);
                    if (round >= 0)
                    {
                        // the round before the first warms up
                        steps[index].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    }
                }
            }
        }

        return Array.ConvertAll(steps, times => Quantile.Of(times, 0.5));
    }

    private static RunnerDecoder Open(DecoderShape shape, EngineForm form)
    {
        RunnerDecoder decoder = new(OnnxModel.Load(
            BenchmarkModels.Prepare(shape, form.Precision).Directory,
            new OnnxRunnerOptions { Slots = RowCounts[^1], ContextLength = 2 * Past, IntraOpThreads = EngineForm.Threads, AllowSpinning = false }));
        decoder.Prefill(RandomPrompt.Create(seed: 1, Past, decoder.Vocabulary));
        decoder.Spread(RowCounts[^1], Past);
        return decoder;
    }
}
