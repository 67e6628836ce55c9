using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Publishing;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Sources;

/// <summary>A directory with <c>config.json</c>, safetensors and the tokenizer's files.</summary>
internal sealed class HuggingFaceSource : IModelSource
{
    private HuggingFaceSource(string directory, DecoderConfig config, WeightStore weights)
    {
        Directory = directory;
        Config = config;
        Weights = weights;
    }

    public DecoderConfig Config { get; }

    public IWeightSource Weights { get; }

    public string Directory { get; }

    public IReadOnlyList<string> Files => SourceFiles.OfSafetensors(Directory);

    /// <exception cref="Language.ModelFormatException">A file is missing, damaged or not supported; the message names it.</exception>
    public static HuggingFaceSource Open(string directory)
    {
        DecoderConfig config = DecoderConfig.Load(directory);
        return new HuggingFaceSource(directory, config, WeightStore.Open(directory, config.WeightBlock));
    }

    public void WriteCompanions(string folder)
    {
        foreach (string file in SourceFiles.Companions(Directory))
        {
            File.Copy(Path.Combine(Directory, file), Path.Combine(folder, file));
        }
    }

    public void Dispose() => Weights.Dispose();
}
