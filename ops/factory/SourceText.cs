using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory;

/// <summary>Tokenizer and chat template of a model that need not be converted for them.</summary>
public static class SourceText
{
    /// <param name="source">A directory or a GGUF file, as <see cref="ModelConversion"/> takes them; no weight is read.</param>
    /// <exception cref="ModelFormatException">A file is missing, damaged or not supported; the message names it.</exception>
    public static ModelText Read(string source)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        return GgufSource.IsNamed(source) && !Directory.Exists(source) ? GgufSource.ReadText(Path.GetFullPath(source)) : ModelText.Load(source);
    }
}
