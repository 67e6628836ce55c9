using System.Text.Json;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Publishing;

/// <summary>Which files of a model directory belong to the model.</summary>
internal static class SourceFiles
{
    private const string GenAiConfig = "genai_config.json";

    // Everything that the language side reads; weights and graphs are named apart.
    private static readonly string[] LanguageFiles =
    [
        "config.json", "generation_config.json", GenAiConfig, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
    ];

    /// <summary>The files, by name, that go with the weights.</summary>
    public static IEnumerable<string> Companions(string directory) => LanguageFiles.Where(file => File.Exists(Path.Combine(directory, file)));

    public static IReadOnlyList<string> OfSafetensors(string directory) => [.. Companions(directory), .. WeightStore.FileNames(directory)];

    /// <summary>The language files and everything that belongs to a graph: the graphs themselves and their external data.</summary>
    public static IReadOnlyList<string> OfOnnx(string directory) =>
    [
        .. Companions(directory),
        .. Directory.EnumerateFiles(directory)
            .Select(file => Path.GetFileName(file))
            .Where(file => file.Contains(".onnx", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public static bool HoldsOnnxDecoder(string directory) => File.Exists(Path.Combine(directory, DecoderOf(directory)));

    /// <summary>The file name of the decoder's graph, whether it exists or not.</summary>
    public static string DecoderOf(string directory)
    {
        string genAi = Path.Combine(directory, GenAiConfig);
        return File.Exists(genAi) ? DecoderNamedBy(genAi) ?? ModelFileWriter.ModelFile : ModelFileWriter.ModelFile;
    }

    private static string? DecoderNamedBy(string genAiConfig)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(genAiConfig));
            string? name = document.RootElement.GetProperty("model").GetProperty("decoder").GetProperty("filename").GetString();
            return name is null || Path.GetFileName(name) == name
                ? name
                : throw new ModelFormatException(genAiConfig, "the decoder's filename must name a file beside it");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ModelFormatException(genAiConfig, "not a JSON object with model.decoder.filename", e);
        }
    }
}
