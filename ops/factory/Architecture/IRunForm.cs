using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>What one run of a graph computes.</summary>
internal interface IRunForm
{
    /// <summary>Of which each has a KV cache of its own in the graph.</summary>
    IReadOnlyList<RunPart> Parts { get; }

    /// <summary>Adds the inputs that say how the tokens of a run are parted, where they are.</summary>
    void DeclareParts(GraphBuilder builder);

    /// <summary>Adds the attention of a layer over all parts.</summary>
    /// <inheritdoc cref="AttentionCall.Add"/>
    string Attend(GraphBuilder builder, AttentionCall call, string[] heads);
}
