using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx.PublicDecoders;

/// <summary>
/// What a directory says of its decoder: <c>genai_config.json</c> of ONNX Runtime GenAI where there is one, else <c>config.json</c> and
/// the names that Hugging Face exports use. In a pattern, %d stands for the layer.
/// </summary>
internal sealed record DecoderDescription
{
    private const string GenAiFile = "genai_config.json";
    private const string ConfigFile = "config.json";
    private const string DefaultGraph = "model.onnx";

    public string GraphFile { get; private init; } = DefaultGraph;

    public string InputIds { get; private init; } = "input_ids";

    public string AttentionMask { get; private init; } = "attention_mask";

    public string PositionIds { get; private init; } = "position_ids";

    public string PastKeys { get; private init; } = "past_key_values.%d.key";

    public string PastValues { get; private init; } = "past_key_values.%d.value";

    public string Logits { get; private init; } = "logits";

    public string PresentKeys { get; private init; } = "present.%d.key";

    public string PresentValues { get; private init; } = "present.%d.value";

    /// <summary>Positions; 0 when no file says it.</summary>
    public int ContextLength { get; private init; }

    /// <summary>Tokens; 0 when no file says it.</summary>
    public int Vocabulary { get; private init; }

    /// <exception cref="ModelFormatException">A file is not JSON, or names a graph outside the directory.</exception>
    public static DecoderDescription Read(string directory)
    {
        string genAi = Path.Combine(directory, GenAiFile);
        if (File.Exists(genAi))
        {
            return Parse(genAi, FromGenAi);
        }

        string config = Path.Combine(directory, ConfigFile);
        return File.Exists(config) ? Parse(config, FromConfig) : new DecoderDescription();
    }

    private static DecoderDescription Parse(string path, Func<JsonElement, DecoderDescription> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            DecoderDescription description = read(document.RootElement);
            return Path.GetFileName(description.GraphFile) == description.GraphFile && description.GraphFile.Length > 0
                ? description
                : throw new ModelFormatException(path, "the decoder's filename must name a file beside it");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException(path, "not the JSON that is expected of it", e);
        }
    }

    private static DecoderDescription FromConfig(JsonElement root) => new()
    {
        ContextLength = Number(root, "max_position_embeddings"),
        Vocabulary = Number(root, "vocab_size"),
    };

    private static DecoderDescription FromGenAi(JsonElement root)
    {
        DecoderDescription standard = new();
        JsonElement? model = Member(root, "model");
        JsonElement? decoder = Member(model, "decoder");
        JsonElement? inputs = Member(decoder, "inputs");
        JsonElement? outputs = Member(decoder, "outputs");
        return new DecoderDescription
        {
            GraphFile = Text(decoder, "filename", standard.GraphFile),
            InputIds = Text(inputs, "input_ids", standard.InputIds),
            AttentionMask = Text(inputs, "attention_mask", standard.AttentionMask),
            PositionIds = Text(inputs, "position_ids", standard.PositionIds),
            PastKeys = Text(inputs, "past_key_names", standard.PastKeys),
            PastValues = Text(inputs, "past_value_names", standard.PastValues),
            Logits = Text(outputs, "logits", standard.Logits),
            PresentKeys = Text(outputs, "present_key_names", standard.PresentKeys),
            PresentValues = Text(outputs, "present_value_names", standard.PresentValues),
            ContextLength = Number(model, "context_length"),
            Vocabulary = Number(model, "vocab_size"),
        };
    }

    private static JsonElement? Member(JsonElement? parent, string key) =>
        parent is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(key, out JsonElement value) ? value : null;

    private static string Text(JsonElement? parent, string key, string fallback) => Member(parent, key)?.GetString() ?? fallback;

    private static int Number(JsonElement? parent, string key) => Member(parent, key)?.GetInt32() ?? 0;
}
