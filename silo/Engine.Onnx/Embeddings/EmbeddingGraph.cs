using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>The names and sizes of a BERT-style graph as the usual exporters write it.</summary>
/// <param name="HasTokenTypes">The graph takes token_type_ids; for a single text they are all 0.</param>
internal sealed record EmbeddingGraph(string Output, int Dimensions, bool HasTokenTypes)
{
    public const string InputIds = "input_ids";
    public const string AttentionMask = "attention_mask";
    public const string TokenTypes = "token_type_ids";

    // by exporter: Optimum and transformers.js, sentence-transformers
    private static readonly string[] TokenVectors = ["last_hidden_state", "token_embeddings"];

    /// <exception cref="ModelFormatException">An input is not understood or the output has no known form; it names the file.</exception>
    public static EmbeddingGraph Read(InferenceSession session, string file)
    {
        foreach ((string name, NodeMetadata input) in session.InputMetadata)
        {
            bool understood = name is InputIds or AttentionMask or TokenTypes;
            if (!understood || input.ElementDataType != TensorElementType.Int64 || input.Dimensions.Length != 2)
            {
                throw new ModelFormatException(file, $"the graph's input '{name}' is none of {InputIds}, {AttentionMask} and {TokenTypes} as int64 [texts, tokens]");
            }
        }

        if (!session.InputMetadata.ContainsKey(InputIds) || !session.InputMetadata.ContainsKey(AttentionMask))
        {
            throw new ModelFormatException(file, $"the graph has no inputs {InputIds} and {AttentionMask}");
        }

        string output = TokenVectors.FirstOrDefault(session.OutputMetadata.ContainsKey)
            ?? throw new ModelFormatException(file, $"the graph has no output {string.Join(" or ", TokenVectors)}");
        NodeMetadata vectors = session.OutputMetadata[output];
        return vectors.ElementDataType == TensorElementType.Float && vectors.Dimensions is [_, _, > 0 and <= 65_536]
            ? new EmbeddingGraph(output, vectors.Dimensions[2], session.InputMetadata.ContainsKey(TokenTypes))
            : throw new ModelFormatException(file, $"the graph's output '{output}' is not float32 [texts, tokens, fixed size]");
    }
}
