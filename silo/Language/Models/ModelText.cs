using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language;

/// <summary>Tokenizer and chat template alone: what a directory without weights and configuration still has.</summary>
public sealed class ModelText
{
    private ModelText(Tokenizer tokenizer, ChatTemplate? template)
    {
        Tokenizer = tokenizer;
        Template = template;
    }

    public Tokenizer Tokenizer { get; }

    /// <inheritdoc cref="ModelLanguage.Template"/>
    public ChatTemplate? Template { get; }

    /// <summary>Reads tokenizer.json, and tokenizer_config.json and chat_template.jinja where they are there.</summary>
    /// <exception cref="ModelFormatException">A file is absent, damaged, or asks for what is not supported; it names the file.</exception>
    public static ModelText Load(string directory, TimeProvider? time = null) => Load(directory, out _, time ?? TimeProvider.System);

    internal static ModelText Load(string directory, out TokenizerConfig config, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        config = TokenizerConfig.Read(Path.Combine(directory, TokenizerConfig.FileName));
        string path = Path.Combine(directory, "tokenizer.json");
        if (!File.Exists(path))
        {
            throw new ModelFormatException(path, "is missing");
        }

        Tokenizer tokenizer = new(TokenizerParts.Load(path, config.AddsBeginToken ? config.BeginToken : null));
        return new ModelText(tokenizer, ChatTemplate.TryLoad(directory, config, tokenizer, time));
    }
}
