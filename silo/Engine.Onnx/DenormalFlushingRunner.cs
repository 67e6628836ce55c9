namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>Runs every step of a runner in the same floating-point mode, whichever thread asks.</summary>
internal sealed class DenormalFlushingRunner(IModelRunner runner) : IModelRunner
{
    public ModelShape Shape => runner.Shape;

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best)
    {
        using DenormalMode mode = DenormalMode.Flush();
        runner.Prefill(slot, position, tokens, logits, best);
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best)
    {
        using DenormalMode mode = DenormalMode.Flush();
        runner.Decode(tokens, positions, logits, best);
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        using DenormalMode mode = DenormalMode.Flush();
        runner.PrefillBesideDecode(slot, position, chunk, chunkLogits, tokens, positions, logits);
    }

    public void CopySlot(int source, int target, int length) => runner.CopySlot(source, target, length);

    public void Dispose() => runner.Dispose();
}
