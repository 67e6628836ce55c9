using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>The embedding, of which a token takes one row.</summary>
internal static class EmbeddingRows
{
    /// <summary>Adds the node <c>embedding</c> and its table in 8 bits, with a scale per row.</summary>
    /// <param name="element">What the rows become.</param>
    public static string AddInt8(GraphBuilder builder, IWeightMatrix table, string ids, OnnxElement element)
    {
        Int8Matrix matrix = new([table]);
        string numbers = builder.Constant("embedding.rows", OnnxElement.Int8, [matrix.Rows, matrix.Columns], matrix.WriteRows);
        string scales = builder.Constant("embedding.scales", OnnxElement.Float, [matrix.Rows, 1], matrix.WriteScales);
        string row = builder.Node(
            "Cast", "embedding.row", [builder.Node("Gather", "embedding.numbers", [numbers, ids])], GraphBuilder.Attribute("to", (long)OnnxElement.Float));
        string product = element == OnnxElement.Float ? "embedding" : "embedding.exact";
        builder.Node("Mul", product, [row, builder.Node("Gather", "embedding.scale", [scales, ids])]);
        return builder.Cast("embedding", product, OnnxElement.Float, element);
    }
}
