using System.Collections.Immutable;
using DeepSeekOrleans.Language.Models;

namespace DeepSeekOrleans.Language;

/// <summary>Everything textual of one model directory in Hugging Face layout. Read once; for any number of threads.</summary>
public sealed class ModelLanguage
{
    private ModelLanguage(Tokenizer tokenizer, ChatTemplate? template, ModelSettings settings)
    {
        Tokenizer = tokenizer;
        Template = template;
        EndTokenIds = settings.EndTokenIds;
        ContextLength = settings.ContextLength;
        Defaults = settings.Defaults;
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>chat_template.jinja, or tokenizer_config.json's chat_template; null when the model has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>
    /// Each of these ends a generation: eos_token_id of generation_config.json and config.json, and eos_token of
    /// tokenizer_config.json; without repeats.
    /// </summary>
    public ImmutableArray<int> EndTokenIds { get; }

    /// <summary>The most tokens that the model can hold, prompt and answer together.</summary>
    public int ContextLength { get; }

    public GenerationDefaults Defaults { get; }

    /// <summary>Reads a model directory.</summary>
    /// <param name="directory">Holds tokenizer.json and config.json (or genai_config.json) at least.</param>
    /// <param name="time">What a template's clock shows; the system's by default.</param>
    /// <exception cref="ModelFormatException">A file is absent, damaged, or asks for what is not supported; it names the file.</exception>
    public static ModelLanguage Load(string directory, TimeProvider? time = null)
    {
        ModelText text = ModelText.Load(directory, out TokenizerConfig config, time ?? TimeProvider.System);
        return new ModelLanguage(text.Tokenizer, text.Template, ModelSettings.Read(directory, config, text.Tokenizer));
    }
}
