using System.Text.Json;

namespace DeepSeekOrleans.Language.Models;

/// <summary>A value in a model's JSON file that knows where it stands, so that a wrong one is reported with file and key.</summary>
internal readonly record struct JsonNode(string File, string Path, JsonElement Element)
{
    public bool IsObject => Element.ValueKind == JsonValueKind.Object;

    public bool IsArray => Element.ValueKind == JsonValueKind.Array;

    public bool IsString => Element.ValueKind == JsonValueKind.String;

    /// <summary>The member, or null when it is absent or JSON's null.</summary>
    public JsonNode? Find(string key)
    {
        if (!IsObject)
        {
            throw Wrong("an object is expected");
        }

        return Element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonNode(File, Path.Length == 0 ? key : $"{Path}.{key}", value)
            : null;
    }

    public JsonNode Get(string key) => Find(key) ?? throw Wrong($"'{key}' is missing");

    public string GetText(string key) => Get(key).AsText();

    public bool GetFlag(string key, bool absent = false) => Find(key)?.AsFlag() ?? absent;

    public IEnumerable<JsonNode> Items()
    {
        if (!IsArray)
        {
            throw Wrong("a list is expected");
        }

        JsonNode list = this;
        return Element.EnumerateArray().Select((item, index) => new JsonNode(list.File, $"{list.Path}[{index}]", item));
    }

    public string AsText()
    {
        try
        {
            return IsString ? Element.GetString()! : throw Wrong("a string is expected");
        }
        catch (InvalidOperationException exception)
        {
            throw new ModelFormatException(File, $"'{Path}': the string is not valid Unicode", exception);
        }
    }

    public int AsInt() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) ? value : throw Wrong("a whole number is expected");

    public double AsNumber() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Wrong("a number is expected");

    public bool AsFlag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false is expected"),
    };

    public ModelFormatException Wrong(string message) => new(File, Path.Length == 0 ? message : $"'{Path}': {message}");
}
