using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelTools;

/// <summary>One model in this process with a single slot and no engine around it: for looking at its numbers.</summary>
internal sealed class OfflineModel : IDisposable
{
    // logits of every position of a chunk are kept at once: 64 x 152,000 x 4 bytes are 39 MB
    private const int PrefillChunk = 64;

    private readonly Lazy<ModelLanguage> _language;

    private OfflineModel(Lazy<ModelLanguage> language, IModelRunner runner)
    {
        _language = language;
        Runner = runner;
    }

    /// <summary>Read when it is first asked for: numbers can be looked at without it.</summary>
    public Tokenizer Tokenizer => _language.Value.Tokenizer;

    public IModelRunner Runner { get; }

    /// <param name="contextLength">Positions to make room for; 0 is the model's own context.</param>
    /// <exception cref="ModelFormatException">The model is damaged.</exception>
    /// <exception cref="CliException">This machine cannot compute in that precision.</exception>
    public static OfflineModel Load(string directory, ModelPrecision precision, int contextLength, CancellationToken cancellationToken)
    {
        Runnable.Require(precision);
        PreparedModel prepared = ModelConversion.Prepare(directory, ModelDirectory.CacheRoot, precision, progress: null, cancellationToken);
        return Open(prepared.Directory, contextLength);
    }

    /// <summary>Opens a directory that holds a graph.</summary>
    /// <inheritdoc cref="Load"/>
    public static OfflineModel Open(string preparedDirectory, int contextLength)
    {
        Lazy<ModelLanguage> language = new(() => ModelLanguage.Load(preparedDirectory));
        OnnxRunnerOptions options = new()
        {
            Slots = 1,
            ContextLength = contextLength == 0 ? 0 : Math.Min(contextLength, language.Value.ContextLength),
            MaxPrefillChunk = PrefillChunk,
        };
        return new OfflineModel(language, OnnxModel.Load(preparedDirectory, options));
    }

    public void Dispose() => Runner.Dispose();
}
