using System.Text.Json;

namespace DeepSeekOrleans.Language.Models;

/// <summary>A JSON file of a model directory. Whatever is wrong with it is reported as a <see cref="ModelFormatException"/> that names it.</summary>
internal sealed class JsonFile
{
    /// <summary>The largest tokenizer.json in use has 33 MB; a file above this is not one.</summary>
    private const long MaxBytes = 256L << 20;

    private JsonFile(string name, JsonElement root)
    {
        Name = name;
        Root = new JsonNode(name, "", root);
    }

    public string Name { get; }

    public JsonNode Root { get; }

    /// <summary>Reads the file; null when it does not exist.</summary>
    public static JsonFile? TryRead(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] bytes = ReadBytes(path);
        try
        {
            Utf8JsonReader reader = new(WithoutMark(bytes));
            JsonElement root = JsonElement.ParseValue(ref reader);
            return reader.Read() ? throw new ModelFormatException(path, "text after the JSON value") : new JsonFile(Path.GetFileName(path), root);
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(path, $"not valid JSON: {exception.Message}", exception);
        }
    }

    /// <summary>All bytes of a file of the model directory.</summary>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= MaxBytes
                ? File.ReadAllBytes(path)
                : throw new ModelFormatException(path, $"has {length} bytes; at most {MaxBytes} are read");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "cannot be read", exception);
        }
    }

    /// <summary>The bytes behind a byte-order mark, which editors on some systems put first.</summary>
    public static ReadOnlySpan<byte> WithoutMark(byte[] bytes) =>
        bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes.AsSpan(3) : bytes;
}
