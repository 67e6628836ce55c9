using System.Numerics.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>One vector out of those of a text's tokens.</summary>
internal static class TokenPooling
{
    // as in sentence-transformers, which calls torch.nn.functional.normalize: a zero vector stays one
    private const float LeastLength = 1e-12f;

    /// <param name="vectors">[at least <paramref name="tokens"/> x pooled.Length], row-major; rows behind are padding.</param>
    public static void Pool(ReadOnlySpan<float> vectors, int tokens, EmbeddingPooling pooling, Span<float> pooled)
    {
        vectors[..pooled.Length].CopyTo(pooled);
        if (pooling == EmbeddingPooling.Cls)
        {
            return;
        }

        for (int token = 1; token < tokens; token++)
        {
            TensorPrimitives.Add(pooled, vectors.Slice(token * pooled.Length, pooled.Length), pooled);
        }

        TensorPrimitives.Divide(pooled, tokens, pooled);
    }

    /// <summary>Scales to the Euclidean length 1.</summary>
    public static void Normalize(Span<float> vector) =>
        TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm<float>(vector), LeastLength), vector);
}
