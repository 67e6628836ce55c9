using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>The attention kernel of one layer, once for each part of a run.</summary>
/// <param name="Prefix">Begins the names in the graph.</param>
/// <param name="Attributes">Of GroupQueryAttention.</param>
internal sealed record AttentionCall(string Prefix, int Layer, RotaryConstants Rotary, AttributeProto[] Attributes)
{
    /// <summary>Adds the kernel.</summary>
    /// <param name="heads">Packed and two empty names, or queries, keys and values: [batch, sequence, ...].</param>
    /// <returns>The name of what the heads have gathered: [batch, sequence, heads x head size].</returns>
    public string Add(GraphBuilder builder, RunPart part, string[] heads)
    {
        string context = $"{Prefix}.{part.Prefix}context";
        builder.Contribute(
            "GroupQueryAttention",
            $"{Prefix}.{part.Prefix}group_query",
            [.. heads, part.Past(Layer, "key"), part.Past(Layer, "value"), part.SequenceLengths, "total_sequence_length", Rotary.Cosine, Rotary.Sine],
            [context, part.Present(Layer, "key"), part.Present(Layer, "value")],
            Attributes);
        return context;
    }
}
