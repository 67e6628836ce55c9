using DeepSeekOrleans.Benchmarks.Machine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Prefix;

/// <summary>What a prefix that a slot still holds saves: the time to the first token behind 1,500 known tokens and behind unknown ones.</summary>
internal static class PrefixBenchmark
{
    private const int PrefixLength = 1_500;
    private const int QuestionLength = 32;
    private const int Rounds = 3;
    private const double Goal = 7;

    public static async Task RunAsync(TextWriter output, BenchmarkSelection selection)
    {
        await output.WriteLineAsync($"CPU: {CpuDescription.Read()}\n");
        await output.WriteLineAsync("| shape | form | cold TTFT, ms | warm TTFT, ms | tokens taken over | ratio |\n|---|---|---|---|---|---|");
        foreach (DecoderShape shape in selection.Shapes)
        {
            foreach (EngineForm form in selection.FormsFor(shape, output))
            {
                await MeasureAsync(output, shape, form);
            }
        }
    }

    private static async Task MeasureAsync(TextWriter output, DecoderShape shape, EngineForm form)
    {
        await using TimedEngine engine = new(form.Load(shape, slots: 4, PrefixLength + QuestionLength + 8));
        await engine.Submit(RandomPrompt.Create(0, 2 * QuestionLength, shape.Vocabulary), 2).Ended;
        List<double> cold = [];
        List<double> warm = [];
        int cached = int.MaxValue;
        for (int round = 1; round <= Rounds; round++)
        {
            int[] prefix = RandomPrompt.Create(round, PrefixLength, shape.Vocabulary);
            cold.Add((await AskAsync(engine, prefix, 100 + round, shape)).TimeToFirstToken.TotalMilliseconds);
            TimedStream known = await AskAsync(engine, prefix, 200 + round, shape);
            warm.Add(known.TimeToFirstToken.TotalMilliseconds);
            cached = Math.Min(cached, known.CachedTokens);
        }

        double coldMedian = Quantile.Of(cold, 0.5);
        double warmMedian = Quantile.Of(warm, 0.5);
        double ratio = coldMedian / warmMedian;
        await output.WriteLineAsync(FormattableString.Invariant(
            $"| {BenchmarkSelection.Title(shape)} | {form.Name} | {coldMedian:F0} | {warmMedian:F0} | {cached} | {ratio:F1}x (goal {Goal:F0}x{(ratio >= Goal ? "" : ", MISSED")}) |"));
    }

    private static async Task<TimedStream> AskAsync(TimedEngine engine, int[] prefix, int seed, DecoderShape shape)
    {
        TimedStream stream = engine.Submit([.. prefix, .. RandomPrompt.Create(seed, QuestionLength, shape.Vocabulary)], 2);
        await stream.Ended;
        return stream;
    }
}
