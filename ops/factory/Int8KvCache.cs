namespace DeepSeekOrleans.ModelFactory;

/// <summary>Runs a model and tells how large its keys and values become.</summary>
/// <param name="graphFile">A graph in slot form whose KV cache is float32.</param>
/// <param name="windows">Token ids of pieces of a text; each begins at position 0.</param>
/// <returns>
/// For the keys of layer 0, its values, the keys of layer 1 and so on: the largest magnitude of each channel, [KV heads x head size]; of
/// keys, that of the pair of numbers that the rotation turns.
/// </returns>
public delegate float[][] KvMeasurement(string graphFile, IReadOnlyList<int[]> windows, CancellationToken cancellationToken);

/// <summary>
/// Keys and values kept as 8-bit numbers with a scale for each layer, KV head and channel: a quarter of the memory. The scales are part
/// of the converted model.
/// </summary>
/// <param name="CalibrationText">Decides the scales: the model reads up to 4,096 tokens of it.</param>
/// <param name="Measure">Runs the model for that.</param>
public sealed record Int8KvCache(string CalibrationText, KvMeasurement Measure)
{
    /// <summary>A text of our own in English, German, Chinese and code.</summary>
    public static string DefaultText
    {
        get
        {
            using StreamReader reader = new(typeof(Int8KvCache).Assembly.GetManifestResourceStream("CalibrationText.txt")!);
            return reader.ReadToEnd();
        }
    }
}
