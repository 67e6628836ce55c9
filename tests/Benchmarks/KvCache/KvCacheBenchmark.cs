using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.Benchmarks.Engine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.Fitting;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.KvCache;

/// <summary>
/// The two kinds of KV cache side by side: a step of eight rows that attend to a long past, and a prompt. Both are loaded at once and
/// take turns, so that what else the machine does meets both.
/// </summary>
internal static class KvCacheBenchmark
{
    private const int Rows = 8;
    private const int Past = 448;
    private const int Prompt = 512;
    private const int Rounds = 7;
    private const int StepsPerRound = 8;

    public static void Run(TextWriter output, BenchmarkSelection selection)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{EngineForm.Threads} threads; medians of {Rounds * StepsPerRound} steps of {Rows} rows with {Past} tokens each, and of {Rounds} prompts of {Prompt} tokens"));
        output.WriteLine();
        output.WriteLine("| shape | weights | KV cache | KiB for each token | ms a step | decode tokens/s | ms a prompt | prefill tokens/s |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (DecoderShape shape in selection.Shapes)
        {
            foreach (EngineForm form in selection.FormsFor(shape, output))
            {
                Compare(output, shape, form);
            }
        }
    }

    private static void Compare(TextWriter output, DecoderShape shape, EngineForm form)
    {
        using Contender wide = new(shape, new ModelForm(form.Precision));
        using Contender narrow = new(shape, new ModelForm(form.Precision, new Int8KvCache(Int8KvCache.DefaultText, KvPeaks.Measure)));
        for (int round = -1; round < Rounds; round++)
        {
            // the round before the first warms up
            wide.Measure(keep: round >= 0);
            narrow.Measure(keep: round >= 0);
        }

        output.WriteLine(wide.Row(BenchmarkSelection.Title(shape), form.Name, "fp32"));
        output.WriteLine(narrow.Row(BenchmarkSelection.Title(shape), form.Name, "int8"));
    }

    private sealed class Contender : IDisposable
    {
        private readonly RunnerDecoder _decoder;
        private readonly long _bytesPerToken;
        private readonly int[] _tokens;
        private readonly List<double> _steps = [];
        private readonly List<double> _prompts = [];

        public Contender(DecoderShape shape, ModelForm form)
        {
            PreparedModel model = BenchmarkModels.Prepare(shape, form);
            _bytesPerToken = ModelFootprint.Read(model.Directory).KvBytesPerPosition;
            _decoder = new RunnerDecoder(OnnxModel.Load(
                model.Directory,
                new OnnxRunnerOptions { Slots = Rows, ContextLength = Prompt + 2, IntraOpThreads = EngineForm.Threads, AllowSpinning = false }));
            _tokens = RandomPrompt.Create(seed: 1, Prompt, _decoder.Vocabulary);
        }

        public void Measure(bool keep)
        {
            double prompt = Milliseconds(() => _decoder.Prefill(_tokens));
            _decoder.Spread(Rows, Past);
            for (int step = 0; step < StepsPerRound; step++)
            {
                double taken = Milliseconds(() => _decoder.Decode(_tokens.AsSpan(0, Rows), Past + step));
                if (keep)
                {
                    _steps.Add(taken);
                }
            }

            if (keep)
            {
                _prompts.Add(prompt);
            }
        }

        public string Row(string shape, string weights, string cache)
        {
            double step = Quantile.Of(_steps, 0.5);
            double prompt = Quantile.Of(_prompts, 0.5);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {shape} | {weights} | {cache} | {_bytesPerToken / 1024.0:F1} | {step:F1} | {1000 * Rows / step:F1} | {prompt:F0} | {1000 * Prompt / prompt:F0} |");
        }

        public void Dispose() => _decoder.Dispose();

        private static double Milliseconds(Action run)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}
