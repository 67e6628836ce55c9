using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>Grouped-query attention with rotation.</summary>
internal sealed class GroupedQueryAttention(DecoderConfig config, IRunForm run, GraphBuilder builder, GraphWeights weights) : IAttentionBlock
{
    private readonly HeadPadding _padding = new(config.HeadSize);
    private RotaryConstants _rotary;

    public int CachedHeads => config.KeyValueHeads;

    public int CachedHeadSize => _padding.PaddedSize;

    public void AddShared() => _rotary = RotaryConstants.Add(
        builder, new RotaryTables(config.Rotary, config.HeadSize, _padding.PaddedSize), config.ContextLength, weights.Element);

    public string Add(int layer, string input)
    {
        string prefix = $"layers.{layer}.attention";
        string[] heads = config.NormalizesHeads ? SeparateHeads(layer, input) : [PackedHeads(layer, input), "", ""];
        AttentionCall call = new(
            prefix,
            layer,
            _rotary,
            [
                GraphBuilder.Attribute("num_heads", config.Heads),
                GraphBuilder.Attribute("kv_num_heads", config.KeyValueHeads),
                // Said outright, because the kernel would take it from the widened head.
                GraphBuilder.Attribute("scale", 1 / MathF.Sqrt(config.HeadSize)),
                GraphBuilder.Attribute("do_rotary", 1),
                GraphBuilder.Attribute("rotary_interleaved", 0),
            ]);
        string context = run.Attend(builder, call, heads);
        LinearLayer output = new(
            $"{prefix}.output", [$"model.layers.{layer}.self_attn.o_proj"], [config.Hidden], config.Heads * config.HeadSize, config.AttentionOutputBias)
        {
            Weight = _padding.PadColumns,
        };
        return weights.Linear(output, context);
    }

    private string PackedHeads(int layer, string input)
    {
        string source = $"model.layers.{layer}.self_attn";
        int keyValue = config.KeyValueHeads * config.HeadSize;
        LinearLayer packed = new(
            $"layers.{layer}.attention.qkv",
            [$"{source}.q_proj", $"{source}.k_proj", $"{source}.v_proj"],
            [config.Heads * config.HeadSize, keyValue, keyValue],
            config.Hidden,
            config.QueryKeyValueBias)
        {
            Weight = _padding.PadRows,
            Bias = _padding.PadColumns,
        };
        return weights.Linear(packed, input);
    }

    private string[] SeparateHeads(int layer, string input)
    {
        string query = Projection(layer, input, "q", config.Heads);
        string key = Projection(layer, input, "k", config.KeyValueHeads);
        string value = Projection(layer, input, "v", config.KeyValueHeads);
        return [NormalizedHeads(layer, query, "q", config.Heads), NormalizedHeads(layer, key, "k", config.KeyValueHeads), value];
    }

    private string Projection(int layer, string input, string letter, int heads)
    {
        string source = $"model.layers.{layer}.self_attn.{letter}_proj";
        return weights.Linear(
            new LinearLayer($"layers.{layer}.attention.{letter}", [source], [heads * config.HeadSize], config.Hidden, config.QueryKeyValueBias), input);
    }

    private string NormalizedHeads(int layer, string input, string letter, int heads)
    {
        string prefix = $"layers.{layer}.attention.{letter}";
        string weight = weights.Add($"model.layers.{layer}.self_attn.{letter}_norm.weight", config.HeadSize);
        // A zero in a shape keeps the dimension that is there.
        string split = builder.Node("Reshape", $"{prefix}.heads", [input, builder.Integers($"{prefix}.heads_shape", 0, 0, heads, config.HeadSize)]);
        string normed = builder.Node("SimplifiedLayerNormalization", $"{prefix}.heads_norm", [split, weight], config.NormAttributes());
        return builder.Node("Reshape", $"{prefix}.joined", [normed, builder.Integers($"{prefix}.joined_shape", 0, 0, heads * config.HeadSize)]);
    }
}
