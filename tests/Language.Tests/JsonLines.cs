using System.Text.Json;

namespace DeepSeekOrleans.Language.Tests;

/// <summary>Reads reference files with one JSON object per line.</summary>
internal static class JsonLines
{
    public static List<JsonElement> Read(string path) =>
        [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];

    public static string Text(this JsonElement line, string key) => line.GetProperty(key).GetString()!;

    public static int[] Ids(this JsonElement line, string key) => [.. line.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];
}
