using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeepSeekOrleans.Cli.ModelTools;

/// <summary>One JSON object per line on standard input and output.</summary>
internal static class JsonLines
{
    // a model's text is for people to read: only what JSON itself demands is escaped
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="CliException">A line is not a JSON object; the message names the line's number.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadAsync(
        TextReader input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int number = 0;
        while (await input.ReadLineAsync(cancellationToken) is { } line)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, number);
            }
        }
    }

    public static Task WriteAsync(TextWriter output, object value) =>
        output.WriteLineAsync(JsonSerializer.Serialize(value, Readable));

    public static string RequiredText(JsonElement line, string name) =>
        line.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new CliException(ExitCode.WrongUsage, $"each line needs the string \"{name}\"");

    /// <summary>The member <c>prompt_ids</c>, a non-empty array of token ids; null when the line has none.</summary>
    public static int[]? PromptIds(JsonElement line)
    {
        if (!line.TryGetProperty("prompt_ids", out JsonElement ids))
        {
            return null;
        }

        try
        {
            return ids.Deserialize<int[]>() is { Length: > 0 } given ? given : throw new CliException(ExitCode.WrongUsage, "\"prompt_ids\" is empty");
        }
        catch (JsonException exception)
        {
            throw new CliException(ExitCode.WrongUsage, "\"prompt_ids\" is not an array of numbers", exception);
        }
    }

    private static JsonElement Parse(string line, int number)
    {
        try
        {
            JsonElement element = JsonElement.Parse(line);
            return element.ValueKind == JsonValueKind.Object
                ? element
                : throw new CliException(ExitCode.WrongUsage, $"line {number} is not a JSON object");
        }
        catch (JsonException exception)
        {
            throw new CliException(ExitCode.WrongUsage, $"line {number} is not JSON: {exception.Message}", exception);
        }
    }
}
