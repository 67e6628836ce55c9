using DeepSeekOrleans.Engine.Onnx.Containment;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Weights;

/// <summary>
/// The constants of a graph for several sessions: mapped once, and once in the order that the kernels want. Sessions of their own would
/// each keep a copy, as large as the model. It must outlive the sessions.
/// </summary>
internal sealed class SharedWeights : IDisposable
{
    private readonly Dictionary<string, MappedWeights> _files = new(StringComparer.Ordinal);
    private readonly List<(string Name, OrtValue Value)> _constants = [];

    private SharedWeights()
    {
    }

    /// <summary>What ONNX Runtime has reordered for its kernels.</summary>
    public PrePackedWeightsContainer Packed { get; } = new();

    /// <exception cref="ModelFormatException">The graph is damaged, or describes weights that its files do not hold.</exception>
    public static SharedWeights Of(string directory, string graphFile)
    {
        SharedWeights weights = new();
        try
        {
            foreach (ExternalTensor tensor in ExternalDataScan.TensorsIn(Path.Combine(directory, graphFile)).Where(tensor => tensor.IsConstant))
            {
                weights.Add(directory, tensor);
            }

            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Lets a session that is made with these options take the constants from here.</summary>
    public void AddTo(SessionOptions options)
    {
        foreach ((string name, OrtValue value) in _constants)
        {
            options.AddInitializer(name, value);
        }
    }

    public void Dispose()
    {
        Packed.Dispose();
        foreach ((_, OrtValue value) in _constants)
        {
            value.Dispose();
        }

        _constants.Clear();
        foreach (MappedWeights file in _files.Values)
        {
            file.Dispose();
        }

        _files.Clear();
    }

    private void Add(string directory, ExternalTensor tensor)
    {
        if (!_files.TryGetValue(tensor.Location, out MappedWeights? file))
        {
            file = new MappedWeights(Path.Combine(directory, tensor.Location));
            _files.Add(tensor.Location, file);
        }

        _constants.Add((tensor.Name, file.Tensor(tensor)));
    }
}
