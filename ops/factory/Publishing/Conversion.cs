using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.KvCaching;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory.Publishing;

/// <summary>A model and the graph that it becomes in one form; nothing is written before it is asked for.</summary>
internal sealed class Conversion : IDisposable
{
    // Part of every version: raise it when the converter writes another graph for the same source.
    private const int GraphRevision = 8;

    // The same for how scales of an int8 KV cache are found.
    private const int ScalesRevision = 1;

    private readonly IModelSource _model;
    private readonly GraphBuilder _graph;
    private readonly GraphBuilder? _joined;
    private readonly ModelForm _form;

    private Conversion(IModelSource model, ModelForm form, string version)
    {
        if (form.KvCache is not null)
        {
            Int8CacheGraph.Require(model.Config, form.Precision);
        }

        _model = model;
        _form = form;
        _graph = PrecisionGraph.Build(model.Config, model.Weights, form.Precision);
        _joined = PrecisionGraph.Joined(model.Config, model.Weights, form.Precision);
        Describe(model.Config);
        Version = version;
    }

    /// <inheritdoc cref="PreparedModel.Version"/>
    public string Version { get; private set; }

    /// <summary>Of all source files.</summary>
    public long SourceBytes => _model.Files.Sum(file => new FileInfo(Path.Combine(_model.Directory, file)).Length);

    /// <exception cref="ModelFormatException">A file is missing, damaged or not supported; the message names it.</exception>
    public static Conversion Open(IModelSource model, ModelForm form, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            // The graph is built before anything is hashed: a damaged directory is refused in milliseconds, whatever its size.
            Conversion conversion = new(model, form, version: "");
            conversion.Version = ContentVersion.Compute(model.Directory, model.Files, Form(form), progress, cancellationToken);
            return conversion;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Part of a version: what is made of the source.</summary>
    public static string Form(ModelForm form) => $"slots-{form.Precision.Name()}-{GraphRevision}"
        + (form.KvCache is { } cache ? $"-kv-int8-{ScalesRevision}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cache.CalibrationText)))}" : "");

    /// <summary>Writes every file, the manifest last.</summary>
    /// <param name="journal">Knows the files that need not be written again; null where the folder is new.</param>
    public void Write(string folder, ImportJournal? journal, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        long total = _graph.Constants.Sum(constant => constant.ByteLength);
        long done = 0;
        ModelFileWriter.WriteConstants(folder, _graph, journal, Report, cancellationToken);
        WriteCompanions(folder, journal);
        if (_form.KvCache is { } cache && Graphs.Any(graph => journal?.Holds(graph.File) != true))
        {
            Calibrate(folder, cache, cancellationToken);
        }

        if (_joined is not null)
        {
            ModelFileWriter.WriteJoinedGraph(folder, _joined, _graph, journal);
        }

        ModelFileWriter.WriteGraph(folder, _graph, journal);
        ModelManifest.Create(Version, _form.Name, journal?.Files ?? Directory.GetFiles(folder).Select(ModelManifest.Describe)).Write(folder);
        journal?.Delete();

        void Report(long bytes)
        {
            done += bytes;
            progress?.Report(new ConversionProgress(ConversionStage.Converting, done, total));
        }
    }

    public void Dispose() => _model.Dispose();

    private IEnumerable<(string File, GraphBuilder Graph)> Graphs =>
        _joined is null ? [(ModelFileWriter.ModelFile, _graph)] : [(ModelFileWriter.ModelFile, _graph), (ModelFileWriter.JoinedFile, _joined)];

    // The graph as it is keeps keys and values in float32, so their size can be seen; with the scales it becomes the one that is written.
    private void Calibrate(string folder, Int8KvCache cache, CancellationToken cancellationToken)
    {
        IReadOnlyList<int[]> windows = CalibrationWindows.Cut(folder, cache.CalibrationText, _model.Config.ContextLength);
        float[][] peaks = ModelFileWriter.WithUnfinishedGraph(folder, _graph, path => cache.Measure(path, windows, cancellationToken));
        float[][] scales = Array.ConvertAll(peaks, channels => KvScales.Of(channels, ModelFileWriter.ModelFile));
        foreach ((_, GraphBuilder graph) in Graphs)
        {
            Int8CacheGraph.AddScales(graph, scales);
            Int8CacheGraph.ChangeType(graph.Graph);
        }
    }

    private void WriteCompanions(string folder, ImportJournal? journal)
    {
        if (journal is null)
        {
            _model.WriteCompanions(folder);
            return;
        }

        string aside = Directory.CreateDirectory(Path.Combine(folder, $"companions{ModelFileWriter.Unfinished}")).FullName;
        _model.WriteCompanions(aside);
        foreach (string path in Directory.GetFiles(aside))
        {
            string name = Path.GetFileName(path);
            if (!journal.Files.Contains(ModelManifest.Describe(path)))
            {
                File.Move(path, Path.Combine(folder, name), overwrite: true);
                journal.Add(name);
            }
        }

        Directory.Delete(aside, recursive: true);
    }

    // What the runner must know and cannot read from the shapes of the graph.
    private void Describe(DecoderConfig config)
    {
        _graph.Metadata["deepseek.form"] = "slots";
        _graph.Metadata["deepseek.precision"] = _form.Name;
        _graph.Metadata[ModelConversion.ContextLengthProperty] = config.ContextLength.ToString(CultureInfo.InvariantCulture);
    }
}
