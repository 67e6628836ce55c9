using System.Text.Json.Nodes;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Gguf;
using DeepSeekOrleans.ModelFactory.Gguf.Text;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Sources;

/// <summary>A GGUF file, which holds weights, configuration, tokenizer and chat template in one.</summary>
internal sealed class GgufSource : IModelSource
{
    private readonly GgufFile _file;
    private readonly JsonObject _published;
    private readonly GgufTokenizer? _tokenizer;

    private GgufSource(string path, GgufFile file)
    {
        _file = file;
        Directory = Path.GetDirectoryName(path)!;
        _published = GgufConfig.Describe(file);
        Config = GgufConfig.Parse(file, _published);
        Weights = new GgufWeights(file, Config);
        _tokenizer = GgufTokenizer.Read(file.Metadata);
    }

    public DecoderConfig Config { get; }

    public IWeightSource Weights { get; }

    public string Directory { get; }

    public IReadOnlyList<string> Files => [_file.Name];

    public static bool IsNamed(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <param name="path">Absolute.</param>
    /// <exception cref="ModelFormatException">The file is missing, damaged or not supported.</exception>
    public static GgufSource Open(string path)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            return new GgufSource(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The tokenizer and the chat template of a file, whatever model its weights are of.</summary>
    /// <exception cref="ModelFormatException">The file is missing, damaged or not supported.</exception>
    public static ModelText ReadText(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufTokenizer tokenizer = GgufTokenizer.Read(file.Metadata) ?? throw new ModelFormatException(path, "holds no tokenizer");
        DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("deepseek-text-");
        try
        {
            tokenizer.Write(folder.FullName);
            return ModelText.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public void WriteCompanions(string folder)
    {
        JsonObject config = _published.DeepClone().AsObject();
        if (_tokenizer is not null)
        {
            config["bos_token_id"] = _tokenizer.Begin;
            config["eos_token_id"] = new JsonArray([.. _tokenizer.Ends.Select(id => JsonValue.Create(id))]);
            _tokenizer.Write(folder);
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
    }

    public void Dispose() => Weights.Dispose();
}
