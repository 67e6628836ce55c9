using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Running;

/// <summary>Notes how long each run took that did not fail.</summary>
internal sealed class MeasuredRunner(IModelRunner runner, StepCosts costs, VerificationCosts verifications, TimeProvider time) : IModelRunner
{
    public ModelShape Shape => runner.Shape;

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best)
    {
        long start = time.GetTimestamp();
        runner.Prefill(slot, position, tokens, logits, best);
        long taken = time.GetTimestamp() - start;
        if (logits.Length > Shape.Vocabulary)
        {
            // logits after every token: not a chunk of a prompt, and it costs more
            verifications.Took(tokens.Length - 1, taken);
        }
        else
        {
            costs.ChunkTook(tokens.Length, taken);
        }
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best)
    {
        long start = time.GetTimestamp();
        runner.Decode(tokens, positions, logits, best);
        long taken = time.GetTimestamp() - start;
        costs.RowsTook(tokens.Length, taken);
        if (tokens.Length == 1)
        {
            verifications.RowTook(taken);
        }
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        long start = time.GetTimestamp();
        runner.PrefillBesideDecode(slot, position, chunk, chunkLogits, tokens, positions, logits);
        costs.JoinedTook(chunk.Length, tokens.Length, time.GetTimestamp() - start);
    }

    public void CopySlot(int source, int target, int length) => runner.CopySlot(source, target, length);

    public void Dispose() => runner.Dispose();
}
