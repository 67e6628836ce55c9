using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>One matrix product, x W + b, with the weights of all its sources side by side.</summary>
/// <param name="Sources">Names of the stored layers, without <c>.weight</c> and <c>.bias</c>.</param>
/// <param name="Outputs">Rows of each stored weight.</param>
/// <param name="Inputs">Columns of each stored weight.</param>
internal sealed record LinearLayer(string Name, string[] Sources, int[] Outputs, int Inputs, bool HasBias)
{
    public Func<IWeightMatrix, IWeightMatrix> Weight { get; init; } = matrix => matrix;

    public Func<IWeightMatrix, IWeightMatrix> Bias { get; init; } = vector => vector;
}

/// <summary>Turns stored weights into constants of a graph and remembers which ones it took.</summary>
internal sealed class GraphWeights(IWeightSource store, GraphBuilder builder, ILinearForm form)
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>What is computed in between matrix products, and kept in the KV cache.</summary>
    public OnnxElement Element => form.Element;

    /// <summary>Adds a constant in the type of the activations and returns its name.</summary>
    public string Add(string name, params ReadOnlySpan<int> shape) => Add(name, form.Element, shape);

    /// <summary>Adds a constant that is used in float32 whatever the activations are, and returns its name.</summary>
    public string AddFloat32(string name, params ReadOnlySpan<int> shape) => Add(name, OnnxElement.Float, shape);

    /// <summary>Adds the nodes of a linear layer and returns the name of its result.</summary>
    public string Linear(LinearLayer layer, string input)
    {
        IWeightMatrix[] parts = [.. layer.Sources.Zip(layer.Outputs, (name, outputs) => layer.Weight(Stored($"{name}.weight", outputs, layer.Inputs)))];
        string product = form.Product(builder, layer.Name, parts, input);
        if (!layer.HasBias)
        {
            return product;
        }

        IWeightMatrix[] biases = [.. layer.Sources.Zip(layer.Outputs, (name, outputs) => layer.Bias(Stored($"{name}.bias", outputs)))];
        string bias = builder.Constant(
            $"{layer.Name}.bias", form.Element, [parts.Sum(part => part.Rows)], stream => WeightWriter.Copy(stream, form.Element, biases));
        return builder.Node("Add", $"{layer.Name}.sum", [product, bias]);
    }

    /// <summary>Adds the node <c>embedding</c>, the rows of a stored table, and returns its name.</summary>
    public string Embedding(string table, int rows, int columns, string ids) => form.Embedding(builder, table, Stored(table, rows, columns), ids);

    /// <summary>Adds the node <c>logits</c>, the product with a stored table, and returns its name.</summary>
    public string Logits(string table, int rows, int columns, string input) => form.Logits(builder, table, Stored(table, rows, columns), input);

    /// <summary>A stored weight for a constant that is more than a copy of it.</summary>
    public IWeightMatrix Stored(string name, params ReadOnlySpan<int> shape)
    {
        _used.Add(name);
        return store.Get(name, shape);
    }

    /// <summary>
    /// Refuses layer weights that nothing took: they mean another architecture than config.json says, which is better refused than half
    /// computed.
    /// </summary>
    public void RefuseUnused(DecoderConfig config)
    {
        string? stranger = store.Names.FirstOrDefault(name =>
            name.StartsWith("model.layers.", StringComparison.Ordinal) && !_used.Contains(name)
            && !IsOfPredictionLayer(config, name)
            && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal));
        if (stranger is not null)
        {
            throw new ModelFormatException(config.DescribedBy, $"the weights hold '{stranger}', which a {config.Family} model of this configuration has not");
        }
    }

    private string Add(string name, OnnxElement element, ReadOnlySpan<int> shape)
    {
        IWeightMatrix stored = Stored(name, shape);
        return builder.Constant(name, element, [.. shape.ToArray().Select(size => (long)size)], stream => WeightWriter.Copy(stream, element, [stored]));
    }

    // DeepSeek-V3 publishes layers beyond the last that guess further tokens; the answer does not need them.
    private static bool IsOfPredictionLayer(DecoderConfig config, string name) => Enumerable.Range(config.Layers, config.PredictionLayers)
        .Any(layer => name.StartsWith($"model.layers.{layer}.", StringComparison.Ordinal));
}
