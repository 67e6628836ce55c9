namespace DeepSeekOrleans.Engine.Embedding;

/// <summary>A loaded model that turns texts into vectors. The engine calls it for one batch at a time. It computes; it decides nothing.</summary>
public interface IEmbeddingModel : IDisposable
{
    EmbeddingShape Shape { get; }

    /// <summary>Computes the embeddings of a batch.</summary>
    /// <param name="texts">The tokens of each text with those that stand around it; 1 to <see cref="EmbeddingShape.MaxTokens"/> each.</param>
    /// <param name="embeddings">[texts x <see cref="EmbeddingShape.Dimensions"/>], row-major, in the order of the texts.</param>
    /// <exception cref="ModelRunException">The model failed on this batch.</exception>
    void Embed(IReadOnlyList<int[]> texts, Span<float> embeddings);
}

/// <param name="Dimensions">Numbers per text.</param>
/// <param name="MaxTokens">The most tokens of one text; what is longer is cut.</param>
public sealed record EmbeddingShape(int Dimensions, int MaxTokens);

/// <param name="Values">As many as <see cref="EmbeddingShape.Dimensions"/>, all finite.</param>
/// <param name="Tokens">Tokens computed, those around the text included: what usage counts.</param>
/// <param name="Truncated">The text had more tokens than the model takes.</param>
public sealed record TextEmbedding(float[] Values, int Tokens, bool Truncated);
