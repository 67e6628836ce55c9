using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>How an embedding model is to be used, from the files that sentence-transformers writes beside it.</summary>
/// <param name="IsPoolingAssumed">Neither a file nor an option says the pooling; it was chosen by the directory's name.</param>
internal sealed record EmbeddingDescription(EmbeddingPooling Pooling, bool IsPoolingAssumed, bool Normalizes, int MaxTokens)
{
    private const int DefaultMaxTokens = 512;
    private const int MostTokens = 1 << 20;

    // these families publish the first token as their pooling; where their files were left behind, their name is what remains
    private static readonly string[] ClsFamilies = ["bge-", "snowflake-arctic-embed", "mxbai-embed"];

    /// <exception cref="ModelFormatException">A file is damaged, or asks for a step that is not built; it names the file.</exception>
    public static EmbeddingDescription Read(string directory, EmbeddingModelOptions options)
    {
        (EmbeddingPooling? published, bool normalizes) = ReadModules(directory);
        return new EmbeddingDescription(
            options.Pooling ?? published ?? ByName(directory),
            options.Pooling is null && published is null,
            normalizes,
            options.MaxTokens > 0 ? options.MaxTokens : ReadMaxTokens(directory));
    }

    private static EmbeddingPooling ByName(string directory)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        bool isCls = ClsFamilies.Any(family => name.StartsWith(family, StringComparison.OrdinalIgnoreCase));
        return isCls ? EmbeddingPooling.Cls : EmbeddingPooling.Mean;
    }

    /// <summary>The steps of modules.json. A directory without that file holds a bare encoder, whose vectors are normalised as is the custom.</summary>
    private static (EmbeddingPooling? Pooling, bool Normalizes) ReadModules(string directory)
    {
        if (SettingsFile.TryRead(directory, "modules.json") is not { } modules)
        {
            return (null, true);
        }

        EmbeddingPooling? pooling = null;
        bool normalizes = false;
        foreach (JsonElement module in modules.Elements())
        {
            string type = modules.Text(module, "type");
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer":
                    break;
                case "Pooling":
                    pooling = ReadPooling(directory, modules, module);
                    break;
                case "Normalize":
                    normalizes = true;
                    break;
                default:
                    throw modules.Wrong($"the step '{type}' is not supported; Transformer, Pooling and Normalize are");
            }
        }

        return (pooling ?? throw modules.Wrong("there is no Pooling step"), normalizes);
    }

    private static EmbeddingPooling ReadPooling(string directory, SettingsFile modules, JsonElement module)
    {
        string folder = modules.Text(module, "path");
        if (folder.AsSpan().ContainsAny('/', '\\', ':') || folder is "." or "..")
        {
            throw modules.Wrong($"'{folder}' is no folder of the model");
        }

        SettingsFile pooling = SettingsFile.TryRead(Path.Combine(directory, folder), "config.json") ?? throw modules.Wrong($"'{folder}/config.json' is missing");
        string[] asked = [.. pooling.Root.EnumerateObject()
            .Where(member => member.Name.StartsWith("pooling_mode", StringComparison.Ordinal) && member.Value.ValueKind == JsonValueKind.True)
            .Select(member => member.Name)];
        return asked switch
        {
            ["pooling_mode_cls_token"] => EmbeddingPooling.Cls,
            ["pooling_mode_mean_tokens"] => EmbeddingPooling.Mean,
            _ => throw pooling.Wrong($"the pooling '{string.Join(", ", asked)}' is not supported; pooling_mode_cls_token or pooling_mode_mean_tokens alone is"),
        };
    }

    private static int ReadMaxTokens(string directory)
    {
        if (SettingsFile.TryRead(directory, "sentence_bert_config.json")?.Number("max_seq_length", MostTokens) is int trained)
        {
            return trained;
        }

        SettingsFile? config = SettingsFile.TryRead(directory, "config.json");
        if (config?.Number("max_position_embeddings", MostTokens) is not int positions)
        {
            return DefaultMaxTokens;
        }

        // RoBERTa's positions begin behind the number of its padding token
        bool isRoberta = config.Root.TryGetProperty("model_type", out JsonElement type) && type.ValueKind == JsonValueKind.String
            && type.GetString()!.Contains("roberta", StringComparison.Ordinal);
        return Math.Max(2, positions - (isRoberta ? 2 : 0));
    }
}
