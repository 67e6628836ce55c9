using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Sampling;

/// <summary>Copies logits that were drawn once: a normal distribution with ten likely tokens, as language models give.</summary>
internal sealed class PreparedRunner(int vocabulary, int slots, int contextLength) : IModelRunner
{
    private const double Spread = 2.5;
    private const int LikelyTokens = 10;

    private readonly float[] _logits = Draw(vocabulary * slots, vocabulary);

    public ModelShape Shape { get; } = new(vocabulary, contextLength, slots, 256);

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best = default)
    {
        for (int start = 0; start < logits.Length; start += Shape.Vocabulary)
        {
            _logits.AsSpan(slot * Shape.Vocabulary, Shape.Vocabulary).CopyTo(logits[start..]);
        }
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best = default) =>
        _logits.AsSpan(0, logits.Length).CopyTo(logits);

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        Prefill(slot, position, chunk, chunkLogits);
        Decode(tokens, positions, logits);
    }

    public void CopySlot(int source, int target, int length)
    {
        // The logits do not depend on the slot, so there is nothing to copy.
    }

    public void Dispose()
    {
        // Holds nothing but memory.
    }

    private static float[] Draw(int count, int vocabulary)
    {
        var random = new Random(1);
        float[] logits = new float[count];
        for (int i = 0; i < count; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            logits[i] = (float)(Spread * normal);
        }

        for (int row = 0; row < count; row += vocabulary)
        {
            for (int likely = 0; likely < LikelyTokens; likely++)
            {
                logits[row + random.Next(vocabulary)] += 10 + (4 * random.NextSingle());
            }
        }

        return logits;
    }
}
