using System.Diagnostics;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Gpu;

/// <summary>Medians of repeated runs, logits on the host included, as an engine would see them.</summary>
internal static class GpuTimes
{
    public const int PromptTokens = 2048;

    /// <summary>Positions per slot: the prompt below, and room for the measured steps.</summary>
    public const int DecodeContext = 256;

    private const int Prompt = 128;

    // a replayed step is recorded in the second run of its kind
    private const int WarmUp = 5;
    private const int Steps = 50;
    private const int Prefills = 5;

    public static double DecodeTokensPerSecond(IModelRunner runner, int batch)
    {
        int vocabulary = runner.Shape.Vocabulary;
        for (int slot = 0; slot < batch; slot++)
        {
            runner.Prefill(slot, 0, RandomPrompt.Create(slot, Prompt, vocabulary), []);
        }

        int[] tokens = RandomPrompt.Create(batch, batch, vocabulary);
        int[] positions = new int[batch];
        float[] logits = new float[batch * vocabulary];
        double[] seconds = new double[Steps];
        for (int step = -WarmUp; step < Steps; step++)
        {
            positions.AsSpan().Fill(Prompt + WarmUp + step);
            long start = Stopwatch.GetTimestamp();
            runner.Decode(tokens, positions, logits);
            if (step >= 0)
            {
                seconds[step] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }

        return batch / Quantile.Of(seconds, 0.5);
    }

    public static double FirstTokenMilliseconds(Func<IModelRunner> load)
    {
        using IModelRunner runner = load();
        float[] logits = new float[runner.Shape.Vocabulary];
        int[] prompt = RandomPrompt.Create(seed: 1, PromptTokens, runner.Shape.Vocabulary);
        runner.Prefill(0, 0, prompt, logits);
        double[] milliseconds = new double[Prefills];
        for (int i = 0; i < Prefills; i++)
        {
            long start = Stopwatch.GetTimestamp();
            runner.Prefill(0, 0, prompt, logits);
            milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Quantile.Of(milliseconds, 0.5);
    }
}
