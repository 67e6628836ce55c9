using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// Multi-head latent attention in its absorbed form (DeepSeek-V2, section 2.1): instead of unfolding the latent vector of each
/// position into keys and values of every head, the query is folded into latent space and the result unfolded once. To the kernel it
/// is a single KV head, [rotated part, zeros to a multiple of 16, latent vector, zeros to a multiple of 16], that all query heads share.
/// </summary>
/// <remarks>
/// The value is the same vector before its rotation; the matrix that unfolds the result has zeros where it was. Products with the
/// folding matrices keep batch and sequence apart, so that a row in a batch takes the same kernel as a row alone.
/// </remarks>
internal sealed class LatentAttention(DecoderConfig config, LatentSettings latent, IRunForm run, GraphBuilder builder, GraphWeights weights)
    : IAttentionBlock
{
    // GroupQueryAttention takes heads and rotations of 16 numbers at a time.
    private const int Multiple = 16;

    // The two inner norms never followed rms_norm_eps: the models were trained with this.
    private const float InnerNormEpsilon = 1e-6f;

    private readonly int _rotatedSize = Widened(latent.RotatedSize);
    private RotaryConstants _rotary;

    public int CachedHeads => 1;

    public int CachedHeadSize => Widened(_rotatedSize + latent.Rank);

    public void AddShared() => _rotary = RotaryConstants.Add(
        builder, new RotaryTables(config.Rotary, latent.RotatedSize, _rotatedSize), config.ContextLength, weights.Element);

    public string Add(int layer, string input)
    {
        string prefix = $"layers.{layer}.attention";
        string source = $"model.layers.{layer}.self_attn";
        IWeightMatrix unfolding = weights.Stored($"{source}.kv_b_proj.weight", config.Heads * (latent.PlainSize + latent.ValueSize), latent.Rank);
        string query = FoldedQuery(prefix, Query(prefix, source, input), unfolding);
        string key = Key(prefix, source, input);
        AttentionCall call = new(
            prefix,
            layer,
            _rotary,
            [
                GraphBuilder.Attribute("num_heads", config.Heads),
                GraphBuilder.Attribute("kv_num_heads", 1),
                GraphBuilder.Attribute("scale", latent.Scale),
                GraphBuilder.Attribute("do_rotary", 1),
                GraphBuilder.Attribute("rotary_interleaved", 1),
            ]);
        string context = run.Attend(builder, call, [query, key, key]);
        LinearLayer output = new(
            $"{prefix}.output", [$"{source}.o_proj"], [config.Hidden], config.Heads * latent.ValueSize, HasBias: false);
        return weights.Linear(output, UnfoldedValues(prefix, context, unfolding));
    }

    /// <returns>[batch, sequence, heads x (plain, rotated, zeros)].</returns>
    private string Query(string prefix, string source, string input)
    {
        if (latent.QueryRank is not { } rank)
        {
            return weights.Linear(QueryHeads($"{prefix}.q", $"{source}.q_proj", config.Hidden), input);
        }

        string squeezed = weights.Linear(new LinearLayer($"{prefix}.q_a", [$"{source}.q_a_proj"], [rank], config.Hidden, HasBias: false), input);
        string normed = InnerNorm($"{prefix}.q_a_norm", $"{source}.q_a_layernorm.weight", squeezed, rank);
        return weights.Linear(QueryHeads($"{prefix}.q_b", $"{source}.q_b_proj", rank), normed);
    }

    private LinearLayer QueryHeads(string name, string source, int inputs)
    {
        int stored = latent.PlainSize + latent.RotatedSize;
        int[] rows = Rows(head => [.. Enumerable.Range(head * stored, stored), .. Zeros(_rotatedSize - latent.RotatedSize)]);
        return new LinearLayer(name, [source], [config.Heads * stored], inputs, HasBias: false)
        {
            Weight = matrix => new ArrangedMatrix(matrix, rows, matrix.Columns, firstColumn: 0),
        };
    }

    /// <returns>[batch, sequence, heads x cached head size].</returns>
    private string FoldedQuery(string prefix, string query, IWeightMatrix unfolding)
    {
        int latentSize = CachedHeadSize - _rotatedSize;
        string heads = HeadsFirst($"{prefix}.q_heads", query, latent.PlainSize + _rotatedSize);
        string[] parts = builder.Nodes(
            "Split", $"{prefix}.q_parts", [heads, builder.Integers($"{prefix}.q_sizes", latent.PlainSize, _rotatedSize)], 2, GraphBuilder.Attribute("axis", -1));
        int stored = latent.PlainSize + latent.ValueSize;
        ArrangedMatrix folding = new(unfolding, Rows(head => Enumerable.Range(head * stored, latent.PlainSize)), latentSize, firstColumn: 0);
        string matrix = builder.Constant(
            $"{prefix}.folding",
            weights.Element,
            [config.Heads, latent.PlainSize, latentSize],
            stream => WeightWriter.Copy(stream, weights.Element, [folding]));
        string folded = builder.Node("MatMul", $"{prefix}.q_folded", [parts[0], matrix]);
        string joined = builder.Node("Concat", $"{prefix}.q_joined", [parts[1], folded], GraphBuilder.Attribute("axis", -1));
        return HeadsLast($"{prefix}.q_packed", joined, CachedHeadSize);
    }

    /// <returns>[batch, sequence, cached head size].</returns>
    private string Key(string prefix, string source, string input)
    {
        int stored = latent.Rank + latent.RotatedSize;
        int widening = CachedHeadSize - _rotatedSize - latent.Rank;
        int[] rows = [.. Enumerable.Range(0, stored), .. Zeros(CachedHeadSize - stored)];
        LinearLayer layer = new($"{prefix}.kv_a", [$"{source}.kv_a_proj_with_mqa"], [stored], config.Hidden, HasBias: false)
        {
            Weight = matrix => new ArrangedMatrix(matrix, rows, matrix.Columns, firstColumn: 0),
        };
        long[] sizes = widening == 0 ? [latent.Rank, _rotatedSize] : [latent.Rank, _rotatedSize, widening];
        string[] parts = builder.Nodes(
            "Split",
            $"{prefix}.kv_parts",
            [weights.Linear(layer, input), builder.Integers($"{prefix}.kv_sizes", sizes)],
            sizes.Length,
            GraphBuilder.Attribute("axis", -1));
        string normed = InnerNorm($"{prefix}.kv_a_norm", $"{source}.kv_a_layernorm.weight", parts[0], latent.Rank);
        return builder.Node("Concat", $"{prefix}.key", [parts[1], normed, .. parts[2..]], GraphBuilder.Attribute("axis", -1));
    }

    /// <returns>[batch, sequence, heads x value size].</returns>
    private string UnfoldedValues(string prefix, string context, IWeightMatrix unfolding)
    {
        int stored = latent.PlainSize + latent.ValueSize;
        ArrangedMatrix[] heads =
        [
            .. Enumerable.Range(0, config.Heads).Select(head => new ArrangedMatrix(
                unfolding, [.. Enumerable.Range((head * stored) + latent.PlainSize, latent.ValueSize)], CachedHeadSize, _rotatedSize)),
        ];
        string matrix = builder.Constant($"{prefix}.unfolding", weights.Element, [config.Heads, CachedHeadSize, latent.ValueSize], Write);
        string values = builder.Node("MatMul", $"{prefix}.values", [HeadsFirst($"{prefix}.context_heads", context, CachedHeadSize), matrix]);
        return HeadsLast($"{prefix}.values_packed", values, latent.ValueSize);

        void Write(Stream stream)
        {
            foreach (ArrangedMatrix head in heads)
            {
                WeightWriter.Transpose(stream, weights.Element, [head]);
            }
        }
    }

    private string InnerNorm(string name, string weight, string input, int size) => builder.Node(
        "SimplifiedLayerNormalization",
        name,
        [input, weights.Add(weight, size)],
        GraphBuilder.Attribute("axis", -1),
        GraphBuilder.Attribute("epsilon", InnerNormEpsilon));

    // [batch, sequence, heads x size] to [batch, heads, sequence, size].
    private string HeadsFirst(string name, string input, int size)
    {
        string split = builder.Node("Reshape", $"{name}.split", [input, builder.Integers($"{name}.split_shape", 0, 0, config.Heads, size)]);
        return builder.Node("Transpose", name, [split], GraphBuilder.Attribute("perm", [0, 2, 1, 3]));
    }

    // [batch, heads, sequence, size] to [batch, sequence, heads x size].
    private string HeadsLast(string name, string input, int size)
    {
        string turned = builder.Node("Transpose", $"{name}.turned", [input], GraphBuilder.Attribute("perm", [0, 2, 1, 3]));
        return builder.Node("Reshape", name, [turned, builder.Integers($"{name}.shape", 0, 0, config.Heads * size)]);
    }

    private int[] Rows(Func<int, IEnumerable<int>> ofHead) => [.. Enumerable.Range(0, config.Heads).SelectMany(ofHead)];

    private static IEnumerable<int> Zeros(int count) => Enumerable.Repeat(ArrangedMatrix.Zeros, count);

    private static int Widened(int size) => (size + Multiple - 1) / Multiple * Multiple;
}
