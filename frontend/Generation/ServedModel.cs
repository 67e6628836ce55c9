using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>A model on offer and everything textual of it.</summary>
/// <param name="Name">Its name in the cluster; clients may also use an alias.</param>
/// <param name="Version">Which weights; part of every cache key.</param>
internal sealed record ServedModel(string Name, string Version, IReadOnlyList<string> Aliases, ModelLanguage Language)
{
    /// <summary>Tokens of prompt and answer together; less than the model's own where the workers lack the memory.</summary>
    public int ContextLength { get; init; } = Language.ContextLength;

    /// <summary>Tells clients when answers may differ because the weights do.</summary>
    public string Fingerprint { get; } = "fp_" + (Version.Length > 0 ? Version[..Math.Min(10, Version.Length)] : "0");
}
