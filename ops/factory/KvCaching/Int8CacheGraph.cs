using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.KvCaching;

/// <summary>Makes a graph in slot form keep its keys and values as 8-bit numbers.</summary>
internal static class Int8CacheGraph
{
    private const string Attention = "GroupQueryAttention";

    // of the kernel, for each part of a run
    private const int PastKeyInput = 3;
    private const int PastValueInput = 4;

    // of the kernel: rotation tables are the inputs before, positions, a bias and sinks those between
    private const int FirstScaleInput = 12;

    /// <exception cref="ModelFormatException">The attention of this model, or this precision, has no such cache.</exception>
    public static void Require(DecoderConfig config, ModelPrecision precision)
    {
        if (config.Latent is not null)
        {
            throw new ModelFormatException(
                config.DescribedBy, "multi-head latent attention has no int8 KV cache: what it keeps is compressed already; leave the cache in floating point");
        }

        if (precision is not (ModelPrecision.Float32 or ModelPrecision.Int8 or ModelPrecision.Int4 or ModelPrecision.Int4Wide))
        {
            throw new ModelFormatException(config.DescribedBy, $"an int8 KV cache is for CPUs, with fp32, int8, int4 or int4-b128; {precision.Name()} keeps 16-bit keys and values");
        }
    }

    /// <summary>Changes the type of the cache, which decides its size, and gives each attention the names of its scales.</summary>
    public static void ChangeType(GraphProto graph)
    {
        foreach (ValueProto value in graph.Input.Concat(graph.Output).Where(IsCache))
        {
            value.Type.TensorType.ElemType = (int)OnnxElement.Int8;
        }

        foreach (NodeProto node in graph.Node.Where(node => node.OpType == Attention))
        {
            node.Input.AddRange(Enumerable.Repeat("", FirstScaleInput - node.Input.Count));
            node.Input.AddRange([ScaleOf(node.Input[PastKeyInput]), ScaleOf(node.Input[PastValueInput])]);
            node.Attribute.AddRange(
            [
                GraphBuilder.Attribute("k_quant_type", "PER_CHANNEL"),
                GraphBuilder.Attribute("v_quant_type", "PER_CHANNEL"),
                GraphBuilder.Attribute("kv_cache_bit_width", 8),
            ]);
        }
    }

    /// <param name="scales">Of the keys of layer 0, its values, the keys of layer 1 and so on: [KV heads x head size].</param>
    public static void AddScales(GraphBuilder builder, IReadOnlyList<float[]> scales)
    {
        foreach ((int index, float[] channels) in scales.Index())
        {
            builder.Numbers(Scale(index), channels);
        }
    }

    private static string Scale(int index) => $"layers.{index / 2}.attention.{(index % 2 == 0 ? "key" : "value")}_scales";

    // the name of a cache ends with its layer and whether it holds keys or values
    private static string ScaleOf(string cache) => cache.Split('.') is [_, var layer, var kind]
        ? $"layers.{layer}.attention.{kind}_scales"
        : throw new ArgumentException($"'{cache}' is no cache", nameof(cache));

    private static bool IsCache(ValueProto value) =>
        value.Name.Contains("past_key_values.", StringComparison.Ordinal) || value.Name.Contains("present.", StringComparison.Ordinal);
}
