namespace DeepSeekOrleans.Engine;

/// <summary>
/// A loaded decoder with a KV cache of <see cref="ModelShape.Slots"/> rows. The engine calls it from one thread. It computes; it
/// decides nothing, and it keeps no state but the KV rows.
/// </summary>
public interface IModelRunner : IDisposable
{
    ModelShape Shape { get; }

    /// <summary>
    /// Feeds <paramref name="tokens"/> (1 to <see cref="ModelShape.MaxPrefillChunk"/>) at positions
    /// <paramref name="position"/> and up of <paramref name="slot"/>, whose rows below that position are already there.
    /// </summary>
    /// <param name="logits">
    /// Empty when no logits are wanted; [vocabulary] for those after the last token; [tokens.Length x vocabulary], row-major, for those
    /// after each token. A row has the same bits whichever of them is asked for.
    /// </param>
    /// <exception cref="ModelRunException">The model failed on this input.</exception>
    void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits);

    /// <summary>
    /// Feeds one token to each of the slots 0 to <c>tokens.Length - 1</c>: row i writes <c>tokens[i]</c> at
    /// <c>positions[i]</c> of slot i. A row whose result is not wanted names the first position that its slot does not use yet; what
    /// is written there is overwritten before it is read.
    /// </summary>
    /// <param name="logits">[tokens.Length x vocabulary], row-major.</param>
    /// <exception cref="ModelRunException">The model failed on this step.</exception>
    void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits);

    /// <summary>
    /// <see cref="Prefill"/> of a chunk and then <see cref="Decode"/>, in one pass over the weights; only where
    /// <see cref="ModelShape.JoinsRuns"/>. Rows and chunk have the bits that they have apart. The row of the chunk's own slot names the
    /// position behind the chunk.
    /// </summary>
    /// <param name="chunkLogits">Empty, or [vocabulary] for those after the chunk's last token.</param>
    /// <param name="logits">[tokens.Length x vocabulary], row-major.</param>
    /// <exception cref="ModelRunException">The model failed on this step; what it wrote may be written again.</exception>
    void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits);

    /// <summary>Copies the KV rows of positions 0 to <paramref name="length"/> - 1 from one slot to another.</summary>
    void CopySlot(int source, int target, int length);
}

/// <param name="Vocabulary">Number of logits per position.</param>
/// <param name="ContextLength">Positions per slot.</param>
/// <param name="Slots">Sequences that the KV cache holds at once.</param>
/// <param name="MaxPrefillChunk">The most tokens that one <see cref="IModelRunner.Prefill"/> takes.</param>
public sealed record ModelShape(int Vocabulary, int ContextLength, int Slots, int MaxPrefillChunk)
{
    /// <summary>A row has the same bits from a chunk as from a decode run, so a chunk can tell whether drafted tokens are right.</summary>
    public bool DecodesAsItPrefills { get; init; }

    /// <summary><see cref="IModelRunner.PrefillBesideDecode"/> is there, and cheaper than the two runs that it stands for.</summary>
    public bool JoinsRuns { get; init; }
}

/// <summary>The runner could not compute a step. The message is for the log, never for a client.</summary>
public sealed class ModelRunException : Exception
{
    public ModelRunException(string message)
        : base(message)
    {
    }

    public ModelRunException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
