using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Sources;

/// <summary>A model as its makers publish it.</summary>
internal interface IModelSource : IDisposable
{
    DecoderConfig Config { get; }

    IWeightSource Weights { get; }

    /// <summary>The folder that <see cref="Files"/> lie in.</summary>
    string Directory { get; }

    /// <summary>Names of all files that the conversion depends on; their contents are its version.</summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>Writes what the language side reads beside the graph: configuration, tokenizer, chat template.</summary>
    void WriteCompanions(string folder);
}
