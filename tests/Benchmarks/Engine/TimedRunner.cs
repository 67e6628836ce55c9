using System.Diagnostics;
using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>Adds up how long the engine waits for its runner's decode steps, those with a chunk of a prompt included.</summary>
internal sealed class TimedRunner(IModelRunner runner) : IModelRunner
{
    public ModelShape Shape => runner.Shape;

    /// <summary>Time spent in decode steps so far; read on the engine's thread.</summary>
    public TimeSpan Decoding { get; private set; }

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best) =>
        runner.Prefill(slot, position, tokens, logits, best);

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best)
    {
        long start = Stopwatch.GetTimestamp();
        runner.Decode(tokens, positions, logits, best);
        Decoding += Stopwatch.GetElapsedTime(start);
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        long start = Stopwatch.GetTimestamp();
        runner.PrefillBesideDecode(slot, position, chunk, chunkLogits, tokens, positions, logits);
        Decoding += Stopwatch.GetElapsedTime(start);
    }

    public void CopySlot(int source, int target, int length) => runner.CopySlot(source, target, length);

    public void Dispose() => runner.Dispose();
}
