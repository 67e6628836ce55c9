namespace DeepSeekOrleans.Engine;

/// <summary>
/// A loaded decoder with a KV cache of <see cref="ModelShape.Slots"/> rows. The engine calls it from one thread. It computes; it
/// decides nothing, and it keeps no state but the KV rows.
/// </summary>
public interface IModelRunner : IDisposable
{
    /// <summary>In the place of a token: the row's logits are wanted, or have to be looked at.</summary>
    const int SeeLogits = -1;

    ModelShape Shape { get; }

    /// <summary>
    /// Feeds <paramref name="tokens"/> (1 to <see cref="ModelShape.MaxPrefillChunk"/>) at positions
    /// <paramref name="position"/> and up of <paramref name="slot"/>, whose rows below that position are already there.
    /// </summary>
    /// <param name="logits">
    /// Empty when no logits are wanted; [vocabulary] for those after the last token; [tokens.Length x vocabulary], row-major, for those
    /// after each token. A row has the same bits whichever of them is asked for.
    /// </param>
    /// <param name="best">As in <see cref="Decode"/>, for the last token, where the logits after that are asked for.</param>
    /// <exception cref="ModelRunException">The model failed on this input.</exception>
    void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best = default);

    /// <summary>
    /// Feeds one token to each of the slots 0 to <c>tokens.Length - 1</c>: row i writes <c>tokens[i]</c> at
    /// <c>positions[i]</c> of slot i. A row whose result is not wanted names the first position that its slot does not use yet; what
    /// is written there is overwritten before it is read.
    /// </summary>
    /// <param name="logits">[tokens.Length x vocabulary], row-major.</param>
    /// <param name="best">
    /// Empty, or, where <see cref="ModelShape.ChoosesTokens"/>, a number for each row. A row that comes with another than
    /// <see cref="SeeLogits"/> leaves with the token whose logit is the largest, the only one so large and finite, while no other is
    /// not-a-number; its logits are not written then. Where there is no such token it leaves with <see cref="SeeLogits"/>.
    /// </param>
    /// <exception cref="ModelRunException">The model failed on this step.</exception>
    void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best = default);

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

    /// <summary>Runs name the best token of a row, and that costs less than its logits.</summary>
    public bool ChoosesTokens { get; init; }
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
