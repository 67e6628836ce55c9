using System.Diagnostics;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>What one form of one model reached.</summary>
/// <param name="Form">Whose and in which numbers.</param>
/// <param name="IsPeer">Not ours.</param>
/// <param name="StepBytes">Bytes of weights that a step reads.</param>
/// <param name="Decode">Tokens per second of all sequences together, in the order of <see cref="Batches"/>.</param>
/// <param name="Prefill">Tokens per second, in the order of <see cref="Prompts"/>.</param>
internal sealed record SpeedRow(string Form, bool IsPeer, double StepBytes, double[] Decode, double[] Prefill)
{
    /// <summary>Tokens that every sequence holds when decoding begins.</summary>
    public const int Context = 128;

    private const int MostSteps = 120;
    private const int LeastSteps = 5;

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1.2);

    public static int[] Batches { get; } = [1, 2, 4, 8, 16, 32];

    public static int[] Prompts { get; } = [128, 512, 2_048];

    /// <param name="open">Loads the model with room for so many sequences of so many positions.</param>
    public static SpeedRow Measure(string form, bool isPeer, double stepBytes, Func<int, int, IDecoder> open)
    {
        double[] decode;
        using (IDecoder decoder = open(Batches[^1], Context + MostSteps + 1))
        {
            decoder.Prefill(Tokens(decoder, Context));
            decoder.Spread(Batches[^1], Context);
            decode = [.. Batches.Select(batch => DecodeRate(decoder, batch))];
        }

        using IDecoder alone = open(1, Prompts[^1] + 2);
        alone.Prefill(Tokens(alone, Context));
        return new SpeedRow(form, isPeer, stepBytes, decode, [.. Prompts.Select(length => PrefillRate(alone, length))]);
    }

    /// <summary>The median step, after two that warm up.</summary>
    private static double DecodeRate(IDecoder decoder, int batch)
    {
        int[] tokens = Tokens(decoder, batch);
        List<double> seconds = [];
        long begin = Stopwatch.GetTimestamp();
        for (int step = 0; step < MostSteps && (step < LeastSteps + 2 || Stopwatch.GetElapsedTime(begin) < Budget); step++)
        {
            long start = Stopwatch.GetTimestamp();
            decoder.Decode(tokens, Context + step);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        decoder.Truncate(batch, Context);
        return batch / Median(seconds.Skip(2));
    }

    private static double PrefillRate(IDecoder decoder, int length)
    {
        int[] prompt = Tokens(decoder, length);
        List<double> seconds = [];
        long begin = Stopwatch.GetTimestamp();
        do
        {
            long start = Stopwatch.GetTimestamp();
            decoder.Prefill(prompt);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(begin) < Budget);
        return length / Median(seconds);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static int[] Tokens(IDecoder decoder, int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(decoder.Vocabulary))];
    }
}
