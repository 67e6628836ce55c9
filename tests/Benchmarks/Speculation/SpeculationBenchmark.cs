using System.Globalization;
using DeepSeekOrleans.Benchmarks.Machine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Benchmarks.Speculation;

/// <summary>
/// Lone streams with and without drafts, both engines loaded at once and taking turns request by request, so that what else the machine
/// does meets both.
/// </summary>
internal static class SpeculationBenchmark
{
    private const int MaxTokens = 128;
    private const int Rounds = 3;

    public static async Task RunAsync(TextWriter output)
    {
        string data = Checkout.Folder("../shared/data");
        await output.WriteLineAsync($"CPU: {CpuDescription.Read()}; {EngineForm.Threads} threads; int8 weights and KV cache; medians of {Rounds} rounds\n");
        await output.WriteLineAsync("| model | text | sampling | drafted | accepted | tokens/s without | tokens/s with | ratio | same tokens |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|");
        await CompareAsync(output, "demo", ModelDirectory.Demo.FullName, SpeculationTexts.OfDemo(data));
        string smolLm = System.IO.Path.Combine(data, "models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        await CompareAsync(output, "SmolLM2-135M", smolLm, SpeculationTexts.OfSmolLm(data));
    }

    private static async Task CompareAsync(TextWriter output, string name, string source, IEnumerable<SpeculationTexts> texts)
    {
        ModelForm form = new(ModelPrecision.Int8, new Int8KvCache(Int8KvCache.DefaultText, KvPeaks.Measure));
        PreparedModel prepared = ModelConversion.Prepare(source, ModelDirectory.CacheRoot, form, progress: null, CancellationToken.None);
        await using LoneStream plain = new(prepared, EngineOptions.SpeculationOff);
        await using LoneStream speculative = new(prepared, EngineOptions.SpeculationByPromptLookup);
        foreach (SpeculationTexts text in texts)
        {
            foreach ((string rule, SamplingParameters sampling) in Samplings())
            {
                Comparison result = await MeasureAsync(plain, speculative, text, sampling);
                await output.WriteLineAsync($"| {name} | {text.Name} | {rule} | {result}");
            }
        }
    }

    private static IEnumerable<(string Name, SamplingParameters Sampling)> Samplings() =>
        [("greedy", SamplingParameters.Greedy), ("temperature 0.7", new SamplingParameters { Temperature = 0.7f, TopP = 0.95f, Seed = 1 })];

    private static async Task<Comparison> MeasureAsync(LoneStream plain, LoneStream speculative, SpeculationTexts text, SamplingParameters sampling)
    {
        List<double> without = [];
        List<double> with = [];
        List<double> ratios = [];
        EngineStatus before = speculative.Status;
        int same = 0;
        for (int round = 0; round < Rounds; round++)
        {
            (double Tokens, TimeSpan Plain, TimeSpan Speculative) sum = default;
            foreach (string prompt in text.Prompts)
            {
                int[] ids = plain.Encode(prompt);
                (int[] expected, TimeSpan plainTime) = await plain.AnswerAsync(ids, MaxTokens, sampling);
                (int[] tokens, TimeSpan time) = await speculative.AnswerAsync(ids, MaxTokens, sampling);
                same += expected.AsSpan().SequenceEqual(tokens) ? 1 : 0;
                sum = (sum.Tokens + expected.Length - 1, sum.Plain + plainTime, sum.Speculative + time);
            }

            without.Add(sum.Tokens / sum.Plain.TotalSeconds);
            with.Add(sum.Tokens / sum.Speculative.TotalSeconds);
            ratios.Add(sum.Plain / sum.Speculative);
        }

        EngineStatus after = speculative.Status;
        return new Comparison(
            (after.DraftedTokens - before.DraftedTokens, after.AcceptedTokens - before.AcceptedTokens),
            (Quantile.Of(without, 0.5), Quantile.Of(with, 0.5), Quantile.Of(ratios, 0.5)),
            (same, Rounds * text.Prompts.Count));
    }

    private sealed record Comparison((long Drafted, long Accepted) Tokens, (double Without, double With, double Ratio) Rates, (int Same, int All) Answers)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Tokens.Drafted} | {(Tokens.Drafted == 0 ? 0 : 100.0 * Tokens.Accepted / Tokens.Drafted):F0} % | {Rates.Without:F1} | {Rates.With:F1} | {Rates.Ratio:F2}x | {Answers.Same} of {Answers.All} |");
    }
}
