using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Precision.Probe;
using DeepSeekOrleans.ModelFactory.Publishing;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory;

/// <summary>Runs decode steps of several graphs in turns.</summary>
/// <param name="graphFiles">Graphs in slot form.</param>
/// <param name="rowCounts">Sequences in a step.</param>
/// <returns>For each graph, the milliseconds of a step with each number of rows.</returns>
public delegate double[][] StepMeasurement(IReadOnlyList<string> graphFiles, IReadOnlyList<int> rowCounts, CancellationToken cancellationToken);

/// <summary>What <c>--precision auto</c> takes for a model on a CPU.</summary>
/// <param name="Reason">One line with what was measured.</param>
public sealed record FormChoice(ModelPrecision Precision, string Reason)
{
    /// <summary>
    /// Takes the fastest of the forms that lose little: int4 where the weights are in 4-bit blocks already, int8 always. It is measured
    /// once for a model and then read from <paramref name="cacheRoot"/>, so that a model keeps its form, and its answers, whatever the
    /// machine does at a later start. A graph that exists already keeps its own.
    /// </summary>
    /// <exception cref="ModelFormatException">A file is missing, damaged or not supported; the message names it.</exception>
    public static FormChoice Make(string source, string cacheRoot, StepMeasurement measure, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(cacheRoot);
        ArgumentNullException.ThrowIfNull(measure);
        string path = Path.GetFullPath(source);
        if (Directory.Exists(path) && SourceFiles.HoldsOnnxDecoder(path))
        {
            return new FormChoice(ModelPrecision.Float32, "a graph keeps the precision that it was written in");
        }

        using IModelSource model = ModelConversion.Open(path);
        IReadOnlyList<ModelPrecision> candidates = PrecisionGraph.LosingLittle(model.Config, model.Weights);
        if (candidates is [ModelPrecision only])
        {
            return new FormChoice(only, "4 bits would lose much here: the weights are not in 4-bit blocks already");
        }

        string version = ContentVersion.Compute(model.Directory, model.Files, Conversion.Form(new ModelForm(candidates[0])), progress: null, cancellationToken);
        ChoiceRecord record = new(Path.GetFullPath(cacheRoot), version);
        return record.TryRead() ?? record.Keep(folder => FormProbe.Run(folder, model, candidates, measure, cancellationToken));
    }
}
