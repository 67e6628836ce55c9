using DeepSeekOrleans.Engine.Onnx.Weights;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>A second session over the weights of the first, for runs that compute decode rows and a chunk of a prompt together.</summary>
internal sealed class JoinedModel(InferenceSession session, SharedWeights weights) : IDisposable
{
    public InferenceSession Session => session;

    /// <summary>The name that the graph of joined runs has beside the other one.</summary>
    public static string FileBeside(string graphFile) => Path.ChangeExtension(graphFile, ".joined.onnx");

    /// <exception cref="ModelFormatException">The graph has not the inputs and outputs of a joined run over the cache of the other one.</exception>
    public void Check(string fileName, KvShape shape)
    {
        IEnumerable<int> caches = Enumerable.Range(0, 2 * shape.Layers);
        IEnumerable<string> inputs =
        [
            SlotGraph.InputIds, SlotGraph.TotalLength, SlotGraph.LogitRows, SlotGraph.PartSizes, SlotGraph.SequenceLengths,
            SlotGraph.ChunkSequenceLengths, .. caches.Select(SlotGraph.Past), .. caches.Select(SlotGraph.ChunkPast),
        ];
        IEnumerable<string> outputs = [SlotGraph.Logits, .. caches.Select(SlotGraph.Present), .. caches.Select(SlotGraph.ChunkPresent)];
        string? missing = inputs.FirstOrDefault(name => !session.InputMetadata.ContainsKey(name))
            ?? outputs.FirstOrDefault(name => !session.OutputMetadata.ContainsKey(name));
        if (missing is not null)
        {
            throw new ModelFormatException(fileName, $"the graph has no '{missing}'");
        }

        if (session.InputMetadata[SlotGraph.ChunkPast(0)].ElementDataType != shape.Element)
        {
            throw new ModelFormatException(fileName, "the KV cache is of another type than that of the graph beside it");
        }
    }

    public void Dispose()
    {
        session.Dispose();
        weights.Dispose();
    }
}
