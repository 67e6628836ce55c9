using System.Globalization;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision.Probe;

/// <summary>
/// A model of one layer with as large a part of the embedding and the head as falls to one layer, so that its step takes what the whole
/// model's takes divided by the number of layers, and converting it costs as little.
/// </summary>
internal sealed class FirstLayer : IWeightSource
{
    private const string Layers = "model.layers.";
    private const int Positions = 64;

    private readonly DecoderConfig _whole;
    private readonly IWeightSource _weights;

    private FirstLayer(DecoderConfig whole, IWeightSource weights) => (_whole, _weights) = (whole, weights);

    public IEnumerable<string> Names => _weights.Names.Where(name =>
        !name.StartsWith(Layers, StringComparison.Ordinal) || name.StartsWith($"{Layers}0.", StringComparison.Ordinal));

    /// <summary>Writes the graph and its constants into an empty folder.</summary>
    /// <returns>The path of the graph.</returns>
    public static string Write(string folder, DecoderConfig whole, IWeightSource weights, ModelPrecision precision, CancellationToken cancellationToken)
    {
        DecoderConfig config = whole with
        {
            Layers = 1,
            Vocabulary = (whole.Vocabulary + whole.Layers - 1) / whole.Layers,
            ContextLength = Positions,
            PredictionLayers = 0,
        };
        GraphBuilder graph = PrecisionGraph.Build(config, new FirstLayer(whole, weights), precision);
        graph.Metadata[ModelConversion.ContextLengthProperty] = Positions.ToString(CultureInfo.InvariantCulture);
        ModelFileWriter.Write(folder, graph, journal: null, _ => { }, cancellationToken);
        return Path.Combine(folder, ModelFileWriter.ModelFile);
    }

    public IWeightMatrix Get(string name, params ReadOnlySpan<int> shape) => name is "model.embed_tokens.weight" or "lm_head.weight"
        ? new FirstRows(_weights.Get(name, _whole.Vocabulary, _whole.Hidden), shape[0])
        : _weights.Get(name, shape);

    // The whole model's source owns its files.
    public void Dispose()
    {
    }

    private sealed class FirstRows(IWeightMatrix matrix, int rows) : IWeightMatrix
    {
        public int Rows => rows;

        public int Columns => matrix.Columns;

        public void Read(int row, int column, Span<float> target) => matrix.Read(row, column, target);
    }
}
