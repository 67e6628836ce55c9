using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Publishing;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory;

/// <summary>Turns a Hugging Face directory (<c>config.json</c> and safetensors) or a GGUF file into the ONNX form that the workers run.</summary>
public static class ModelConversion
{
    /// <summary>Where a converted graph says for how many positions its rotation tables are made.</summary>
    internal const string ContextLengthProperty = "deepseek.context_length";

    /// <summary>The same in 32-bit floating point.</summary>
    /// <inheritdoc cref="Prepare(string, string, ModelForm, IProgress{ConversionProgress}, CancellationToken)"/>
    public static PreparedModel Prepare(
        string source, string cacheRoot, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken) =>
        Prepare(source, cacheRoot, ModelPrecision.Float32, progress, cancellationToken);

    /// <summary>The same with a KV cache in the type that the model computes in.</summary>
    /// <inheritdoc cref="Prepare(string, string, ModelForm, IProgress{ConversionProgress}, CancellationToken)"/>
    public static PreparedModel Prepare(
        string source, string cacheRoot, ModelPrecision precision, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken) =>
        Prepare(source, cacheRoot, new ModelForm(precision), progress, cancellationToken);

    /// <summary>
    /// Makes sure that <paramref name="source"/>, a directory or a GGUF file, can be loaded. Safetensors and GGUF are converted once into
    /// a folder of <paramref name="cacheRoot"/> that is named by their content and the form and reused from then on; any number of
    /// processes may do this at once. A directory that holds an ONNX decoder (<c>model.onnx</c>, or the file that
    /// <c>genai_config.json</c> names) stays as it is.
    /// </summary>
    /// <exception cref="ModelFormatException">A file is missing, damaged or not supported; the message names it.</exception>
    public static PreparedModel Prepare(
        string source, string cacheRoot, ModelForm form, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(cacheRoot);
        string path = Path.GetFullPath(source);
        if (Directory.Exists(path) && SourceFiles.HoldsOnnxDecoder(path))
        {
            return AsPublished(path, form, progress, cancellationToken);
        }

        using Conversion conversion = Conversion.Open(Open(path), form, progress, cancellationToken);
        CacheFolder cache = new(Path.GetFullPath(cacheRoot), conversion.Version);
        if (!cache.IsComplete())
        {
            cache.Publish(folder => conversion.Write(folder, journal: null, progress, cancellationToken));
        }

        return new PreparedModel(cache.Path, conversion.Version, form.Name, Converted: true);
    }

    internal static IModelSource Open(string path) => (Directory.Exists(path), GgufSource.IsNamed(path)) switch
    {
        (true, _) => HuggingFaceSource.Open(path),
        (false, true) => GgufSource.Open(path),
        _ => throw new ModelFormatException("config.json", "the model directory does not exist"),
    };

    // An import is used as it lies, in the form that it was made in.
    private static PreparedModel AsPublished(
        string source, ModelForm form, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        ModelManifest? manifest = ModelManifest.TryRead(source);
        if (!form.Accepts(manifest?.Precision))
        {
            throw new ModelFormatException("model.onnx", $"a graph keeps the precision that it was written in; '{form.Name}' needs the weights");
        }

        string version = manifest?.Version
            ?? ContentVersion.Compute(source, SourceFiles.OfOnnx(source), Conversion.Form(form), progress, cancellationToken);
        return new PreparedModel(source, version, manifest?.Precision ?? "as exported", Converted: false);
    }
}
