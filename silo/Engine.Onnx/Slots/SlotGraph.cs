using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>The names and sizes of a graph in slot form, as the model factory writes it.</summary>
/// <param name="NeedsPairs">Its kernels give a row the same bits in any company only while the number of rows is even.</param>
/// <param name="NamesBest">It has the output <see cref="BestToken"/>.</param>
internal sealed record SlotGraph(int Vocabulary, int ContextLength, KvShape Kv, bool NeedsPairs, bool NamesBest)
{
    public const string InputIds = "input_ids";
    public const string SequenceLengths = "seqlens_k";
    public const string TotalLength = "total_sequence_length";
    public const string LogitRows = "logit_rows";
    public const string Logits = "logits";
    public const string BestToken = "best_token";

    // of a joined run, whose chunk has a cache of its own in the graph
    public const string PartSizes = "part_sizes";
    public const string ChunkSequenceLengths = "chunk_seqlens_k";

    public static string ChunkPast(int index) => $"chunk_{Past(index)}";

    public static string ChunkPresent(int index) => $"chunk_{Present(index)}";

    public static string Past(int index) => $"past_key_values.{index / 2}.{(index % 2 == 0 ? "key" : "value")}";

    public static string Present(int index) => $"present.{index / 2}.{(index % 2 == 0 ? "key" : "value")}";

    public static bool Describes(InferenceSession session) => session.InputMetadata.ContainsKey(LogitRows) && session.InputMetadata.ContainsKey(SequenceLengths);

    /// <exception cref="ModelFormatException">The graph has the inputs of the slot form, but not its shapes.</exception>
    public static SlotGraph Read(InferenceSession session, string fileName)
    {
        int layers = session.InputMetadata.Keys.Count(name => name.StartsWith("past_key_values.", StringComparison.Ordinal)) / 2;
        IEnumerable<string> inputs = [InputIds, TotalLength, .. Enumerable.Range(0, 2 * layers).Select(Past)];
        IEnumerable<string> outputs = [Logits, .. Enumerable.Range(0, 2 * layers).Select(Present)];
        string? missing = inputs.FirstOrDefault(name => !session.InputMetadata.ContainsKey(name))
            ?? outputs.FirstOrDefault(name => !session.OutputMetadata.ContainsKey(name));
        if (missing is not null || layers == 0)
        {
            throw new ModelFormatException(fileName, $"the graph has no '{missing ?? Past(0)}'");
        }

        int[] cache = session.InputMetadata[Past(0)].Dimensions;
        TensorElementType element = session.InputMetadata[Past(0)].ElementDataType;
        int[] logits = session.OutputMetadata[Logits].Dimensions;
        if (cache is not [_, > 0, _, > 0] || logits is not [_, > 0])
        {
            throw new ModelFormatException(fileName, "the KV cache or the logits have no fixed size");
        }

        if (element is not (TensorElementType.Float or TensorElementType.Float16 or TensorElementType.BFloat16 or TensorElementType.Int8))
        {
            throw new ModelFormatException(fileName, $"the KV cache is {element}, which is not built");
        }

        // The rotation tables end where the context ends, and the factory wrote down where that is.
        return session.ModelMetadata.CustomMetadataMap.TryGetValue("deepseek.context_length", out string? text)
            && int.TryParse(text, out int contextLength) && contextLength > 1
            ? new SlotGraph(
                logits[1],
                contextLength,
                new KvShape(layers, cache[1], cache[3], element),
                session.ModelMetadata.CustomMetadataMap.ContainsKey("deepseek.row_pairs"),
                session.OutputMetadata.ContainsKey(BestToken))
            : throw new ModelFormatException(fileName, "the graph does not say its context length");
    }
}
