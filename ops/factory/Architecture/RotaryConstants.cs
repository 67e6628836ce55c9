using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>The rotation tables as they lie in a graph, shared by all layers.</summary>
internal readonly record struct RotaryConstants(string Cosine, string Sine)
{
    public static RotaryConstants Add(GraphBuilder builder, RotaryTables tables, int contextLength, OnnxElement element)
    {
        // One more than the context: the runner pads a chunk of an odd number of tokens, and the kernel rotates the padding too.
        int positions = contextLength + 1;
        long[] shape = [positions, tables.FrequencyCount];
        return new RotaryConstants(
            builder.Constant("rotary_cosine", element, shape, stream => WeightWriter.Rotary(stream, element, tables, positions, cosine: true)),
            builder.Constant("rotary_sine", element, shape, stream => WeightWriter.Rotary(stream, element, tables, positions, cosine: false)));
    }
}
