using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>What the files of an embedding model may leave open.</summary>
public sealed class EmbeddingModelOptions
{
    /// <summary>Overrides what the directory says or its name suggests; null takes that.</summary>
    public EmbeddingPooling? Pooling { get; set; }

    /// <summary>Tokens of one text at most; 0 is what the directory says, or 512 where it says nothing.</summary>
    [Range(0, 1_048_576)]
    public int MaxTokens { get; set; }

    /// <summary>Threads that compute one batch; 0 is one for each physical core.</summary>
    [Range(0, 512)]
    public int IntraOpThreads { get; set; }
}
