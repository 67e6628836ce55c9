using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>All weights of a model directory: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class WeightStore : IWeightSource
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const string ScaleSuffix = "_scale_inv";
    private const int MaxShards = 4096;

    private readonly Dictionary<string, (TensorPlace Place, string File)> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MappedFile> _files = new(StringComparer.Ordinal);
    private readonly string _directory;

    private readonly ScaleBlock? _block;

    private WeightStore(string directory, ScaleBlock? block)
    {
        _directory = directory;
        _block = block;
    }

    public IEnumerable<string> Names => _tensors.Keys.Where(name => !IsScale(name));

    /// <summary>The names of the weight files of <paramref name="directory"/>, the index included.</summary>
    public static IReadOnlyList<string> FileNames(string directory)
    {
        if (File.Exists(Path.Combine(directory, SingleFile)))
        {
            return [SingleFile];
        }

        if (!File.Exists(Path.Combine(directory, IndexFile)))
        {
            throw new ModelFormatException(SingleFile, "the file is missing");
        }

        return [IndexFile, .. ShardsOf(Path.Combine(directory, IndexFile)).Values.Distinct().Order(StringComparer.Ordinal)];
    }

    /// <param name="block">The blocks that FP8 weights are scaled in; null refuses such weights.</param>
    public static WeightStore Open(string directory, ScaleBlock? block = null)
    {
        WeightStore store = new(directory, block);
        try
        {
            IReadOnlyList<string> files = FileNames(directory);
            foreach (string file in files.Where(file => file != IndexFile))
            {
                store.Add(file);
            }

            if (files[0] == IndexFile)
            {
                store.CheckIndex(ShardsOf(Path.Combine(directory, IndexFile)));
            }

            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IWeightMatrix Get(string name, params ReadOnlySpan<int> shape)
    {
        if (!_tensors.TryGetValue(name, out (TensorPlace Place, string File) found))
        {
            throw new ModelFormatException(_files.Count == 1 ? SingleFile : IndexFile, $"tensor '{name}' is missing");
        }

        TensorPlace place = found.Place;
        if (place.Element is null)
        {
            throw new ModelFormatException(found.File, $"tensor '{name}' is stored as {place.ElementName}; F32, F16, BF16 and F8_E4M3 are read");
        }

        bool same = place.Shape.Length == shape.Length;
        for (int i = 0; same && i < shape.Length; i++)
        {
            same = place.Shape[i] == shape[i];
        }

        if (!same)
        {
            throw new ModelFormatException(
                found.File, $"tensor '{name}' has shape [{string.Join(", ", place.Shape)}], the configuration asks for [{string.Join(", ", shape.ToArray())}]");
        }

        StoredMatrix stored = new(_files[found.File], place);
        return place.Element == WeightElement.Float8E4M3 ? Scaled(name, found.File, stored) : stored;
    }

    public void Dispose()
    {
        foreach (MappedFile file in _files.Values)
        {
            file.Dispose();
        }
    }

    private BlockScaledMatrix Scaled(string name, string file, StoredMatrix codes)
    {
        ScaleBlock block = _block ?? throw new ModelFormatException(file, $"tensor '{name}' is stored as F8_E4M3, and config.json has no quantization_config");
        return new BlockScaledMatrix(codes, Get(name + ScaleSuffix, block.RowsOfScales(codes.Rows), block.ColumnsOfScales(codes.Columns)), block);
    }

    private bool IsScale(string name) => name.EndsWith(ScaleSuffix, StringComparison.Ordinal) && _tensors.ContainsKey(name[..^ScaleSuffix.Length]);

    private void Add(string file)
    {
        string path = Path.Combine(_directory, file);
        if (!File.Exists(path))
        {
            throw new ModelFormatException(file, "the file is missing");
        }

        foreach (TensorPlace place in SafetensorsHeader.Read(path))
        {
            if (!_tensors.TryAdd(place.Name, (place, file)))
            {
                throw new ModelFormatException(file, $"tensor '{place.Name}' is there twice");
            }
        }

        _files.Add(file, new MappedFile(path));
    }

    private void CheckIndex(Dictionary<string, string> shards)
    {
        foreach ((string tensor, string file) in shards)
        {
            if (!_tensors.TryGetValue(tensor, out (TensorPlace Place, string File) found) || found.File != file)
            {
                throw new ModelFormatException(file, $"tensor '{tensor}' is missing, though {IndexFile} places it here");
            }
        }
    }

    private static Dictionary<string, string> ShardsOf(string indexPath)
    {
        Dictionary<string, string> shards = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(indexPath));
            foreach (JsonProperty entry in index.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                shards[entry.Name] = entry.Value.GetString() ?? "";
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ModelFormatException(indexPath, "not a JSON object with a weight_map", e);
        }

        // A shard is a file of this very directory: an index from elsewhere may not point anywhere else.
        string? stray = shards.Values.FirstOrDefault(file => file.Length == 0 || Path.GetFileName(file) != file || !file.EndsWith(".safetensors", StringComparison.Ordinal));
        if (stray is not null || shards.Count == 0 || shards.Values.Distinct().Count() > MaxShards)
        {
            throw new ModelFormatException(indexPath, $"weight_map must name 1 to {MaxShards} .safetensors files beside it; it names '{stray}'");
        }

        return shards;
    }
}
