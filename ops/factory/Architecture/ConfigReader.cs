using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>Reads values of a <c>config.json</c> object, each inside a stated range or refused by its key.</summary>
internal sealed class ConfigReader(string fileName, JsonElement element)
{
    public bool Has(string key) => element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public int Integer(string key, int minimum, int maximum, int? fallback = null)
    {
        if (!Has(key) && fallback is { } value)
        {
            return value;
        }

        return Has(key) && element.GetProperty(key) is { ValueKind: JsonValueKind.Number } number
            && number.TryGetInt64(out long read) && read >= minimum && read <= maximum
            ? (int)read
            : throw Refused(key, $"must be a whole number from {minimum} to {maximum}");
    }

    public double Number(string key, double minimum, double maximum, double? fallback = null)
    {
        if (!Has(key) && fallback is { } value)
        {
            return value;
        }

        return Has(key) && element.GetProperty(key) is { ValueKind: JsonValueKind.Number } number
            && number.TryGetDouble(out double read) && read >= minimum && read <= maximum
            ? read
            : throw Refused(key, $"must be a number from {minimum} to {maximum}");
    }

    public bool Flag(string key, bool fallback) => !Has(key)
        ? fallback
        : element.GetProperty(key).ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Refused(key, "must be true or false"),
        };

    public string? Text(string key) => !Has(key)
        ? null
        : element.GetProperty(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : throw Refused(key, "must be a string");

    /// <summary>A list of exactly this many whole numbers.</summary>
    public int[] Integers(string key, int count, int minimum, int maximum)
    {
        int[] values = Has(key) && element.GetProperty(key) is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int value) ? value : minimum - 1)]
            : [];
        return values.Length == count && values.All(value => value >= minimum && value <= maximum)
            ? values
            : throw Refused(key, $"must be a list of {count} whole numbers from {minimum} to {maximum}");
    }

    public ConfigReader? Object(string key) => !Has(key)
        ? null
        : element.GetProperty(key) is { ValueKind: JsonValueKind.Object } nested ? new ConfigReader(fileName, nested) : throw Refused(key, "must be an object");

    public ModelFormatException Refused(string key, string reason) => new(fileName, $"'{key}' {reason}");
}
