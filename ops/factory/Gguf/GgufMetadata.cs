using System.Diagnostics.CodeAnalysis;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>The key-value pairs of a GGUF file; a value is of the type that is asked for, or refused by its key.</summary>
internal sealed class GgufMetadata(string fileName)
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public bool Has(string key) => _values.ContainsKey(key);

    public void Add(string key, object value)
    {
        if (!_values.TryAdd(key, value))
        {
            throw Refused(key, "is there twice");
        }
    }

    public string? Text(string key) => Find(key, out string? text) ? text : null;

    public string RequiredText(string key) => Text(key) ?? throw Refused(key, "is missing");

    public bool Flag(string key, bool fallback) => Find(key, out object? value) ? value as bool? ?? throw Refused(key, "must be true or false") : fallback;

    public int Integer(string key, int? fallback = null)
    {
        if (!Find(key, out object? value))
        {
            return fallback ?? throw Refused(key, "is missing");
        }

        return value is long and >= 0 and <= int.MaxValue ? (int)(long)value : throw Refused(key, $"must be a whole number from 0 to {int.MaxValue}");
    }

    public double Number(string key, double? fallback = null)
    {
        if (!Find(key, out object? value))
        {
            return fallback ?? throw Refused(key, "is missing");
        }

        return value switch
        {
            double number when double.IsFinite(number) => number,
            long number => number,
            _ => throw Refused(key, "must be a finite number"),
        };
    }

    public string[]? Texts(string key) => Find(key, out string[]? list) ? list : null;

    public long[]? Integers(string key) => Find(key, out long[]? list) ? list : null;

    public double[]? Numbers(string key) => Find(key, out double[]? list) ? list : null;

    public ModelFormatException Refused(string key, string reason) => new(fileName, $"'{key}' {reason}");

    private bool Find<T>(string key, [NotNullWhen(true)] out T? found)
        where T : class
    {
        found = null;
        if (!_values.TryGetValue(key, out object? value))
        {
            return false;
        }

        found = value as T ?? throw Refused(key, "is of another type than the format prescribes");
        return true;
    }
}
