using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>The weights of a GGUF file by their Hugging Face names and in the order of rows that those have.</summary>
internal sealed class GgufWeights : IWeightSource
{
    private readonly GgufFile _file;
    private readonly DecoderConfig _config;
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    public GgufWeights(GgufFile file, DecoderConfig config)
    {
        _file = file;
        _config = config;
        foreach (GgufTensor tensor in file.Tensors.Values.Where(tensor => tensor.Name != TensorNames.RotaryFactors))
        {
            // What would change the result and is not built must not be ignored.
            string name = TensorNames.Published(tensor.Name)
                ?? throw new ModelFormatException(file.Name, $"holds '{tensor.Name}', which a {config.Family} model has not");
            if (!_tensors.TryAdd(name, tensor))
            {
                throw new ModelFormatException(file.Name, $"'{tensor.Name}' has a second name for the same tensor");
            }
        }
    }

    public IEnumerable<string> Names => _tensors.Keys;

    /// <inheritdoc/>
    public IWeightMatrix Get(string name, params ReadOnlySpan<int> shape)
    {
        if (!_tensors.TryGetValue(name, out GgufTensor? tensor))
        {
            throw new ModelFormatException(_file.Name, $"the tensor for '{name}' is missing");
        }

        if (!shape.SequenceEqual(tensor.Shape))
        {
            throw new ModelFormatException(
                _file.Name,
                $"tensor '{tensor.Name}' has shape [{string.Join(", ", tensor.Shape)}], the metadata ask for [{string.Join(", ", shape.ToArray())}]");
        }

        GgufMatrix stored = GgufMatrix.Of(_file, tensor);
        bool isRotated = name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal);
        if (_config.Family != DecoderFamily.Llama || !isRotated)
        {
            return stored;
        }

        return shape.Length == 2 ? HalfSplitOrder.OfRows(stored, _config.HeadSize) : HalfSplitOrder.OfColumns(stored, _config.HeadSize);
    }

    public void Dispose() => _file.Dispose();
}
