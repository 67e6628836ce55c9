using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>The product's own runner, as the engine calls it.</summary>
internal sealed class RunnerDecoder(IModelRunner runner) : IDecoder
{
    private readonly int[] _positions = new int[runner.Shape.Slots];
    private readonly float[] _logits = new float[runner.Shape.Slots * runner.Shape.Vocabulary];

    public int Vocabulary => runner.Shape.Vocabulary;

    public void Prefill(ReadOnlySpan<int> prompt)
    {
        int chunk = runner.Shape.MaxPrefillChunk;
        for (int start = 0; start < prompt.Length; start += chunk)
        {
            int end = Math.Min(start + chunk, prompt.Length);
            runner.Prefill(0, start, prompt[start..end], end == prompt.Length ? _logits.AsSpan(0, Vocabulary) : []);
        }
    }

    public void Spread(int sequences, int length)
    {
        for (int slot = 1; slot < sequences; slot++)
        {
            runner.CopySlot(0, slot, length);
        }
    }

    public void Truncate(int sequences, int length)
    {
        // The next run names its positions; what lies above them is never read.
    }

    public void Decode(ReadOnlySpan<int> tokens, int position)
    {
        Span<int> positions = _positions.AsSpan(0, tokens.Length);
        positions.Fill(position);
        runner.Decode(tokens, positions, _logits.AsSpan(0, tokens.Length * Vocabulary));
    }

    public void Dispose() => runner.Dispose();
}
