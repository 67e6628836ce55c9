using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>Weights and activations in one floating-point type.</summary>
internal sealed class FloatForm(OnnxElement element) : ILinearForm
{
    private readonly HashSet<string> _tables = new(StringComparer.Ordinal);

    public OnnxElement Element => element;

    public string Product(GraphBuilder builder, string name, IReadOnlyList<IWeightMatrix> parts, string input)
    {
        string weight = builder.Constant(
            $"{name}.weight", element, [parts[0].Columns, parts.Sum(part => part.Rows)], stream => WeightWriter.Transpose(stream, element, parts));
        return builder.Node("MatMul", $"{name}.product", [input, weight]);
    }

    public string Embedding(GraphBuilder builder, string tableName, IWeightMatrix table, string ids) =>
        builder.Node("Gather", "embedding", [Table(builder, tableName, table), ids]);

    // Gemm turns the matrix itself, so that a tied embedding needs no second copy in the file.
    public string Logits(GraphBuilder builder, string tableName, IWeightMatrix table, string input)
    {
        string product = element == OnnxElement.Float ? "logits" : "logits.rounded";
        builder.Node("Gemm", product, [input, Table(builder, tableName, table)], GraphBuilder.Attribute("transB", 1));
        return builder.Cast("logits", product, element, OnnxElement.Float);
    }

    private string Table(GraphBuilder builder, string name, IWeightMatrix table) => _tables.Add(name)
        ? builder.Constant(name, element, [table.Rows, table.Columns], stream => WeightWriter.Copy(stream, element, [table]))
        : name;
}
