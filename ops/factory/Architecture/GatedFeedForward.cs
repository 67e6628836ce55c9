using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>down(silu(gate(x)) * up(x)).</summary>
/// <param name="Intermediate">Numbers between the matrices.</param>
internal sealed class GatedFeedForward(GraphBuilder builder, GraphWeights weights, int hidden, int intermediate, bool hasBias) : IFeedForwardBlock
{
    public string Add(int layer, string input) => Add($"layers.{layer}.feed_forward", $"model.layers.{layer}.mlp", input);

    /// <param name="prefix">Begins the names in the graph.</param>
    /// <param name="source">Begins the names of the stored weights.</param>
    public string Add(string prefix, string source, string input)
    {
        string gate = Layer(prefix, source, "gate", input, hidden, intermediate);
        string up = Layer(prefix, source, "up", input, hidden, intermediate);
        string activated = $"{prefix}.activated";
        // With alpha 1 this is x * sigmoid(x), SiLU, in one pass.
        builder.Contribute("QuickGelu", activated, [gate], [activated], GraphBuilder.Attribute("alpha", 1f));
        string product = builder.Node("Mul", $"{prefix}.product", [activated, up]);
        return Layer(prefix, source, "down", product, intermediate, hidden);
    }

    private string Layer(string prefix, string source, string name, string input, int inputs, int outputs) =>
        weights.Linear(new LinearLayer($"{prefix}.{name}", [$"{source}.{name}_proj"], [outputs], inputs, hasBias), input);
}
