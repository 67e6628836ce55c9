namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>How the vectors of a text's tokens become one.</summary>
public enum EmbeddingPooling
{
    /// <summary>The mean over all tokens, those around the text included.</summary>
    Mean,

    /// <summary>The vector of the first token.</summary>
    Cls,
}
