using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>A small JSON file of a model directory, whose faults are reported under its name.</summary>
internal sealed class SettingsFile
{
    private const long MaxBytes = 1 << 20;
    private readonly string _name;

    private SettingsFile(string name, JsonElement root)
    {
        _name = name;
        Root = root;
    }

    public JsonElement Root { get; }

    /// <summary>Null when there is no such file.</summary>
    public static SettingsFile? TryRead(string directory, string name)
    {
        FileInfo file = new(Path.Combine(directory, name));
        if (!file.Exists)
        {
            return null;
        }

        try
        {
            return file.Length <= MaxBytes
                ? new SettingsFile(name, JsonElement.Parse(File.ReadAllBytes(file.FullName)))
                : throw new ModelFormatException(name, $"has {file.Length} bytes; at most {MaxBytes} are read");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(name, "cannot be read as JSON", exception);
        }
    }

    public IEnumerable<JsonElement> Elements() => Root.ValueKind == JsonValueKind.Array ? Root.EnumerateArray() : throw Wrong("a list is expected");

    public string Text(JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw Wrong($"the string '{key}' is missing");

    /// <summary>A whole number from 1; null when the key is absent or JSON's null.</summary>
    public int? Number(string key, int most)
    {
        if (Root.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("an object is expected");
        }

        if (!Root.TryGetProperty(key, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1 && number <= most
            ? number
            : throw Wrong($"'{key}' must be 1 to {most}");
    }

    public ModelFormatException Wrong(string message) => new(_name, message);
}
