namespace Orleans.Runtime;

/// <summary>Values that travel with every call made from here, into the grains called and on to theirs.</summary>
public static class RequestContext
{
    // The dictionary is replaced and never changed, so that a callee's changes stay its own.
    private static readonly AsyncLocal<Dictionary<string, object>?> Values = new();

    public static IEnumerable<string> Keys => Values.Value?.Keys ?? Enumerable.Empty<string>();

    public static IEnumerable<KeyValuePair<string, object>> Entries => Values.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

    public static object? Get(string key) => Values.Value?.GetValueOrDefault(key);

    /// <param name="value">Of a type that can be serialized.</param>
    public static void Set(string key, object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Values.Value = new Dictionary<string, object>(Values.Value ?? []) { [key] = value };
    }

    public static bool Remove(string key)
    {
        if (Values.Value is not { } current || !current.ContainsKey(key))
        {
            return false;
        }

        var rest = new Dictionary<string, object>(current);
        rest.Remove(key);
        Values.Value = rest.Count == 0 ? null : rest;
        return true;
    }

    public static void Clear()
    {
        if (Values.Value is not null)
        {
            Values.Value = null;
        }
    }

    /// <summary>The values to send, or null when there are none.</summary>
    internal static Dictionary<string, object>? Export() => Values.Value;

    internal static void Import(Dictionary<string, object>? values)
    {
        // Writing an AsyncLocal costs an allocation, and most calls carry nothing.
        if (values is not null || Values.Value is not null)
        {
            Values.Value = values;
        }
    }
}
