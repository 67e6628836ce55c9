using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>The measurement behind <c>--precision auto</c>, on this CPU.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class StepTimesTests(ConvertedModels models)
{
    [Fact]
    public void Measure_GraphsOfTheDemoModel_GivesATimeForEachAndEachNumberOfRows()
    {
        string[] graphs = [.. new[] { ModelPrecision.Float32, ModelPrecision.Int8 }.Select(precision =>
            Path.Combine(models.Prepare(Repository.DemoModel, precision), "model.onnx"))];

        double[][] times = StepTimes.Measure(graphs, [1, 32], CancellationToken.None);

        Assert.Equal([2, 2], times.Select(rows => rows.Length));
        Assert.All(times, rows => Assert.InRange(rows[0], 1e-3, rows[1]));
    }

    [SharedDataFact]
    public void Make_AModelOfFourBitBlocks_MeasuresBothFormsAndNamesTheFasterOne()
    {
        DirectoryInfo cache = Directory.CreateTempSubdirectory("form-choice-");
        double[][] times = [];

        FormChoice choice = FormChoice.Make(
            SharedData.Path("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"),
            cache.FullName,
            (graphs, rows, cancellationToken) => times = StepTimes.Measure(graphs, rows, cancellationToken),
            CancellationToken.None);

        cache.Delete(recursive: true);
        Assert.Equal(2, times.Length);
        Assert.All(times.SelectMany(rows => rows), time => Assert.InRange(time, 1e-3, 1e3));
        double ratio = times[0].Zip(times[1], (int4, int8) => int4 / int8).Aggregate((a, b) => a * b);
        Assert.Equal(ratio <= 1.05 * 1.05 ? ModelPrecision.Int4 : ModelPrecision.Int8, choice.Precision);
    }
}
