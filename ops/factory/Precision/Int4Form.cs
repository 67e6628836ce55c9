using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>
/// 4-bit weights in blocks with a scale each, activations in 8 bits per block: the least bytes per token, and so the fastest form while
/// only a few sequences run.
/// </summary>
/// <param name="layers">Of the matrices that are not stored in blocks.</param>
/// <param name="head">Of the output layer.</param>
/// <param name="element">Of activations, scales and KV cache.</param>
internal sealed class Int4Form(BlockFormat layers, BlockFormat head, OnnxElement element) : ILinearForm
{
    // Activations in 8 bits, block by block: the measured fast path of MatMulNBits on a CPU. CUDA computes in float16 whatever this says.
    private const int AccuracyLevel = 4;

    private readonly Dictionary<string, string> _blockSums = new(StringComparer.Ordinal);

    public OnnxElement Element => element;

    public bool NeedsPairs => layers.NeedsPairs || head.NeedsPairs;

    public string Product(GraphBuilder builder, string name, IReadOnlyList<IWeightMatrix> parts, string input)
    {
        string output = $"{name}.product";
        if (parts.All(part => FormatOf(part) == FormatOf(parts[0])))
        {
            return Product(builder, name, output, new BlockCodes(parts, FormatOf(parts[0])), input);
        }

        string[] products = [.. parts.Select((part, index) =>
            Product(builder, $"{name}.{index}", $"{name}.{index}.product", new BlockCodes([part], FormatOf(part)), input))];
        return builder.Node("Concat", output, products, GraphBuilder.Attribute("axis", -1));
    }

    public string Embedding(GraphBuilder builder, string tableName, IWeightMatrix table, string ids) =>
        EmbeddingRows.AddInt8(builder, table, ids, element);

    public string Logits(GraphBuilder builder, string tableName, IWeightMatrix table, string input)
    {
        string product = Product(builder, "logits", element == OnnxElement.Float ? "logits" : "logits.rounded", new BlockCodes([table], head), input);
        return builder.Cast("logits", product, element, OnnxElement.Float);
    }

    // Blocks of a file are taken over as they are.
    private BlockFormat FormatOf(IWeightMatrix matrix) => BlockFormat.FourBits.IsThatOf(matrix) ? BlockFormat.FourBits : layers;

    private string Product(GraphBuilder builder, string name, string output, BlockCodes matrix, string input)
    {
        string codes = builder.Constant($"{name}.codes", OnnxElement.UInt8, [matrix.Rows, matrix.Blocks, matrix.BytesPerBlock], matrix.WriteCodes);
        string scales = builder.Constant(
            $"{name}.scales", element, [matrix.Rows, matrix.Blocks], stream => matrix.WriteScales(stream, element));
        string symmetric = matrix.HasOffsets ? $"{name}.symmetric" : output;
        builder.Contribute(
            "MatMulNBits",
            symmetric,
            [input, codes, scales],
            [symmetric],
            GraphBuilder.Attribute("K", matrix.Columns),
            GraphBuilder.Attribute("N", matrix.Rows),
            GraphBuilder.Attribute("bits", matrix.Format.Bits),
            GraphBuilder.Attribute("block_size", matrix.Format.Length),
            GraphBuilder.Attribute("accuracy_level", AccuracyLevel));
        if (!matrix.HasOffsets)
        {
            return output;
        }

        string offsets = builder.Constant(
            $"{name}.offsets", element, [matrix.Blocks, matrix.Rows], stream => matrix.WriteOffsets(stream, element));
        return builder.Node("Add", output, [symmetric, builder.Node("MatMul", $"{name}.offset", [BlockSums(builder, input, matrix), offsets])]);
    }

    // A constant that all numbers of a block share multiplies the sum of their inputs.
    private string BlockSums(GraphBuilder builder, string input, BlockCodes matrix)
    {
        if (_blockSums.TryGetValue(input, out string? known))
        {
            return known;
        }

        if (_blockSums.Count == 0)
        {
            builder.Integers("int4.last_axis", -1);
        }

        // Two axes stand before the inputs everywhere but at the head, which has no offsets.
        string shape = builder.Integers($"{input}.blocks_shape", 0, 0, matrix.Blocks, matrix.Format.Length);
        string blocks = builder.Node("Reshape", $"{input}.blocks", [input, shape]);
        string sums = builder.Node("ReduceSum", $"{input}.block_sums", [blocks, "int4.last_axis"], GraphBuilder.Attribute("keepdims", 0));
        return _blockSums[input] = sums;
    }
}
