using System.Globalization;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory.Precision.Probe;

/// <summary>Which of several forms of a model is fastest on this machine.</summary>
internal static class FormProbe
{
    // One sequence alone, and as many as make a server worth its while: the forms cross in between on CPUs without AMX.
    private static readonly int[] RowCounts = [1, 8];

    // Two measurements of one form differ by as much.
    private const double Tie = 1.05;

    /// <param name="folder">Empty; for the layers that are measured.</param>
    public static FormChoice Run(
        string folder, IModelSource model, IReadOnlyList<ModelPrecision> candidates, StepMeasurement measure, CancellationToken cancellationToken)
    {
        string[] graphs = [.. candidates.Select(precision => FirstLayer.Write(
            Directory.CreateDirectory(Path.Combine(folder, precision.Name())).FullName, model.Config, model.Weights, precision, cancellationToken))];
        double[][] milliseconds = measure(graphs, RowCounts, cancellationToken);
        int fastest = Fastest(milliseconds);
        return new FormChoice(
            candidates[fastest],
            $"a layer takes {string.Join("; ", candidates.Zip(milliseconds, Describe))}");
    }

    /// <summary>
    /// The form of the least geometric mean over the numbers of rows; of those that are as fast within the accuracy of measuring, the
    /// first, whatever the order of their times.
    /// </summary>
    /// <param name="milliseconds">For each form, a step with each number of rows.</param>
    public static int Fastest(double[][] milliseconds)
    {
        double[] means = Array.ConvertAll(milliseconds, times => times.Average(Math.Log));
        return Array.FindIndex(means, mean => mean <= means.Min() + Math.Log(Tie));
    }

    private static string Describe(ModelPrecision precision, double[] milliseconds) =>
        $"{string.Join(" and ", RowCounts.Zip(milliseconds, (rows, time) => string.Create(CultureInfo.InvariantCulture, $"{time:F3} ms with {rows}")))} rows in {precision.Name()}";
}
