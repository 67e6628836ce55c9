using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>How one precision writes matrices into the graph. An instance belongs to one graph.</summary>
internal interface ILinearForm
{
    /// <summary>The type of everything between the matrix products: their inputs and outputs, norms, rotation and KV cache.</summary>
    OnnxElement Element => OnnxElement.Float;

    /// <summary>True where a row has the same bits in any company only while the number of rows is even.</summary>
    bool NeedsPairs => false;

    /// <summary>Adds the nodes and constants of x W^T.</summary>
    /// <param name="name">Unique in the graph; everything that is added begins with it.</param>
    /// <param name="parts">Each [out, in], as stored; the product holds their outputs side by side.</param>
    /// <param name="input">Name of x, [..., in].</param>
    /// <returns>The name of the product, [..., sum of out]; a bias is not part of it.</returns>
    string Product(GraphBuilder builder, string name, IReadOnlyList<IWeightMatrix> parts, string input);

    /// <summary>Adds the node <c>embedding</c>: the rows of a table, [..., hidden].</summary>
    /// <param name="tableName">The stored name; when <see cref="Logits"/> gets the same, it means the same matrix.</param>
    /// <param name="table">[vocabulary, hidden].</param>
    /// <param name="ids">Name of the row numbers, [...].</param>
    string Embedding(GraphBuilder builder, string tableName, IWeightMatrix table, string ids);

    /// <summary>Adds the node <c>logits</c>: x W^T with the largest matrix of all, in float32.</summary>
    /// <param name="tableName">The stored name of W.</param>
    /// <param name="table">[vocabulary, hidden].</param>
    /// <param name="input">Name of x, [rows, hidden].</param>
    string Logits(GraphBuilder builder, string tableName, IWeightMatrix table, string input);
}
