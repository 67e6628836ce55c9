using System.Globalization;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.KvCaching;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Publishing;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory.Fitting;

/// <summary>What a worker of a model will keep in memory, known before anything is converted or loaded.</summary>
/// <param name="WeightBytes">The weights in the form that is loaded.</param>
/// <param name="KvBytesPerPosition">Keys and values of all layers for one token; 0 when the graph does not name its cache in the usual way.</param>
/// <param name="ContextLength">Tokens of prompt and answer that the model was made for.</param>
public sealed record ModelFootprint(long WeightBytes, long KvBytesPerPosition, int ContextLength)
{
    private const string CacheInput = "past_key_values.";

    /// <summary>Reads headers only, whatever the size of the model.</summary>
    /// <param name="source">A Hugging Face directory, one with an ONNX decoder, or a GGUF file, as <see cref="ModelConversion.Prepare"/> takes them.</param>
    /// <param name="precision">What weights are to be converted to; a graph that exists already keeps its own.</param>
    /// <param name="int8Cache">Whether keys and values are to be kept as 8-bit numbers; a graph that exists already keeps its own.</param>
    /// <exception cref="ModelFormatException">A file is missing, damaged or not supported; the message names it.</exception>
    public static ModelFootprint Read(string source, ModelPrecision precision = ModelPrecision.Float32, bool int8Cache = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        return SourceFiles.HoldsOnnxDecoder(source) ? OfOnnx(source) : OfSource(Path.GetFullPath(source), precision, int8Cache);
    }

    private static ModelFootprint OfSource(string path, ModelPrecision precision, bool int8Cache)
    {
        using IModelSource model = ModelConversion.Open(path);
        GraphBuilder graph = PrecisionGraph.Build(model.Config, model.Weights, precision);
        if (int8Cache)
        {
            Int8CacheGraph.Require(model.Config, precision);
            Int8CacheGraph.ChangeType(graph.Graph);
        }

        return new ModelFootprint(
            graph.Constants.Sum(constant => constant.ByteLength), KvBytes(graph.Graph), model.Config.ContextLength);
    }

    private static ModelFootprint OfOnnx(string directory)
    {
        long weights = SourceFiles.OfOnnx(directory)
            .Where(file => file.Contains(".onnx", StringComparison.Ordinal))
            .Sum(file => new FileInfo(Path.Combine(directory, file)).Length);
        ModelProto model = Parse(Path.Combine(directory, SourceFiles.DecoderOf(directory)));
        string? written = model.MetadataProps.FirstOrDefault(property => property.Key == ModelConversion.ContextLengthProperty)?.Value;
        return new ModelFootprint(
            weights,
            KvBytes(model.Graph),
            int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out int context) ? context : ModelLanguage.Load(directory).ContextLength);
    }

    private static ModelProto Parse(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return ModelProto.Parser.ParseFrom(file);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException e)
        {
            throw new ModelFormatException(Path.GetFileName(path), "not an ONNX model", e);
        }
    }

    // [slots, KV heads, positions, head size]: all but the first and third are fixed
    private static long KvBytes(GraphProto graph) => graph.Input
        .Where(input => input.Name.StartsWith(CacheInput, StringComparison.Ordinal))
        .Select(input => input.Type.TensorType)
        .Where(type => type.Shape.Dim.Count == 4)
        .Sum(type => checked(type.Shape.Dim[1].DimValue * type.Shape.Dim[3].DimValue * ((OnnxElement)type.ElemType).Size()));
}
