using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision.Rotation;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>
/// 8-bit weights and activations (W8A8). Each token's activations have a scale of their own, so that what a token gets does not depend
/// on its neighbours, and the sums are whole numbers, so that it does not depend on the order of additions either.
/// </summary>
/// <param name="inputsMayBeEmpty">An expert that no token has chosen computes a product of no rows.</param>
internal sealed class Int8Form(bool inputsMayBeEmpty) : ILinearForm
{
    // Activations are unsigned, as the kernels want them, around this zero.
    private const byte Zero = 128;

    // Between the matrices of a feed-forward network a few numbers of a token are far larger than the rest, even in a rotated model: they
    // are the product of two others. With one scale for all of them as they are, this input alone costs more than all others together.
    private const string HeavyTailed = ".down";

    // Products whose last part gives the values of attention.
    private static readonly string[] WithValues = [".attention.qkv", ".attention.v"];

    // Keeps a token of zeros from being divided by zero.
    private const float LeastPeak = 1e-30f;

    private readonly Dictionary<string, QuantizedInput> _inputs = new(StringComparer.Ordinal);

    public string Product(GraphBuilder builder, string name, IReadOnlyList<IWeightMatrix> parts, string input)
    {
        if (name.EndsWith(HeavyTailed, StringComparison.Ordinal))
        {
            RotatedBlocks rotation = new(parts[0].Columns);
            return Product(builder, name, $"{name}.product", new Int8Matrix([.. parts.Select(rotation.Expecting)]), rotation.Turn(builder, input));
        }

        return Array.Exists(WithValues, name.EndsWith)
            ? FineProduct(builder, name, parts, input)
            : Product(builder, name, $"{name}.product", new Int8Matrix(parts), input);
    }

    public string Embedding(GraphBuilder builder, string tableName, IWeightMatrix table, string ids) => EmbeddingRows.AddInt8(builder, table, ids, OnnxElement.Float);

    public string Logits(GraphBuilder builder, string tableName, IWeightMatrix table, string input) =>
        Product(builder, "logits", "logits", new Int8Matrix([table]), input);

    // The last part in about 15 bits. Most heads rest on the first token, whose input is large and whose value is nearly zero: the rounding
    // of these few weights becomes a constant in every other token's sum, a third of what the rounding of all weights costs.
    private string FineProduct(GraphBuilder builder, string name, IReadOnlyList<IWeightMatrix> parts, string input)
    {
        IWeightMatrix values = parts[^1];
        Int8Matrix matrix = new([.. parts, new Int8Remainder(values)]);
        string[] pieces = builder.Nodes(
            "Split",
            $"{name}.pieces",
            [Product(builder, name, $"{name}.all", matrix, input), builder.Integers($"{name}.sizes", matrix.Rows - (2 * values.Rows), values.Rows, values.Rows)],
            3,
            GraphBuilder.Attribute("axis", -1));
        string sum = builder.Node("Add", $"{name}.values", pieces[1..]);
        return parts.Count == 1 ? sum : builder.Node("Concat", $"{name}.product", [pieces[0], sum], GraphBuilder.Attribute("axis", -1));
    }

    private string Product(GraphBuilder builder, string name, string output, Int8Matrix matrix, string input)
    {
        QuantizedInput quantized = Quantize(builder, input);
        string weight = builder.Constant($"{name}.weight", OnnxElement.Int8, [matrix.Columns, matrix.Rows], matrix.WriteTurned);
        string scales = builder.Constant($"{name}.scales", OnnxElement.Float, [matrix.Rows], matrix.WriteScales);
        string relative = $"{name}.relative";
        builder.Contribute("MatMulIntegerToFloat", relative, [quantized.Numbers, weight, "int8.step", scales, "int8.zero"], [relative]);
        return builder.Node("Mul", output, [relative, quantized.Peak]);
    }

    // Once for all matrices that take the same input: x = peak * (q - 128) / 127.
    private QuantizedInput Quantize(GraphBuilder builder, string input)
    {
        if (_inputs.TryGetValue(input, out QuantizedInput? known))
        {
            return known;
        }

        if (_inputs.Count == 0)
        {
            builder.Numbers("int8.step", 1f / Int8Matrix.Largest);
            builder.Numbers("int8.least_peak", LeastPeak);
            builder.Bytes("int8.zero", Zero);
            builder.Integers("int8.last_axis", -1);
            builder.Integers("int8.first", 0);
            builder.Integers("int8.second", 1);
        }

        string magnitudes = builder.Node("Abs", $"{input}.magnitudes", [input]);
        string largest = builder.Node("ReduceMax", $"{input}.largest", [magnitudes, "int8.last_axis"], GraphBuilder.Attribute("keepdims", 1));
        if (inputsMayBeEmpty)
        {
            // ONNX Runtime gives the reduction of an empty tensor the shape of its input.
            largest = builder.Node("Slice", $"{input}.first_largest", [largest, "int8.first", "int8.second", "int8.last_axis"]);
        }

        string peak = builder.Node("Max", $"{input}.peak", [largest, "int8.least_peak"]);
        string unit = builder.Node("Div", $"{input}.unit", [input, peak]);
        string numbers = builder.Node("QuantizeLinear", $"{input}.numbers", [unit, "int8.step", "int8.zero"]);
        return _inputs[input] = new QuantizedInput(numbers, peak);
    }

    private sealed record QuantizedInput(string Numbers, string Peak);
}
