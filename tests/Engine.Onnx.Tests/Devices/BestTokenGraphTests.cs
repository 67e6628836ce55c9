using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Devices;

/// <summary>What the last nodes of a 16-bit graph say about any row of logits: the token of greedy choice, or nothing.</summary>
public sealed class BestTokenGraphTests : IDisposable
{
    private const float None = float.NaN;
    private const float Infinite = float.PositiveInfinity;
    private const float Excluded = float.NegativeInfinity;

    // of Qwen2: a count of so many is still exact
    private const int LargeVocabulary = 151_936;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("best-token-");

    [Theory]
    [InlineData(0, 5f, 1f, 2f, 3f)]
    [InlineData(3, -5f, -4f, -3f, -2f)]
    [InlineData(1, Excluded, -7f, Excluded, Excluded)]
    [InlineData(2, 0f, 1f, 1.0000001f, 1f)]
    [InlineData(-1, 3f, 1f, 3f, 2f)]
    [InlineData(-1, 0f, -0f, -1f, -1f)]
    [InlineData(-1, 5f, None, 2f, 3f)]
    [InlineData(-1, None, 5f, 2f, 3f)]
    [InlineData(-1, 1f, 2f, 3f, None)]
    [InlineData(-1, None, None, None, None)]
    [InlineData(-1, 1f, Infinite, 2f, 3f)]
    [InlineData(-1, Infinite, 1f, 2f, Infinite)]
    [InlineData(-1, Excluded, Excluded, Excluded, Excluded)]
    public void Run_RowOfLogits_NamesItsOnlyLargestOrNone(int expected, params float[] logits) => Assert.Equal([expected], Run(logits.Length, logits));

    [Fact]
    public void Run_LargeVocabulary_CountsEveryLogit()
    {
        float[] logits = new float[4 * LargeVocabulary];
        logits.AsSpan().Fill(-1);
        logits[LargeVocabulary - 1] = 0.5f;
        logits[LargeVocabulary] = logits[(2 * LargeVocabulary) - 1] = 0.5f;
        logits[2 * LargeVocabulary] = 0.5f;
        logits[(3 * LargeVocabulary) - 1] = float.NaN;
        logits[(3 * LargeVocabulary) + 70_000] = 0.5f;

        Assert.Equal([LargeVocabulary - 1, -1, -1, 70_000], Run(LargeVocabulary, logits));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private long[] Run(int vocabulary, float[] logits)
    {
        GraphBuilder graph = new();
        graph.Input("logits", OnnxElement.Float, "rows", $"{vocabulary}");
        graph.Output(BestToken.Add(graph, "logits", vocabulary), OnnxElement.Int64, "rows");
        ModelFileWriter.WriteGraph(_directory.FullName, graph, journal: null);
        using InferenceSession session = OnnxModel.Open(Path.Combine(_directory.FullName, ModelFileWriter.ModelFile), new OnnxRunnerOptions());
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(logits, [logits.Length / vocabulary, vocabulary]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["logits"], [input], ["best_token"]);
        return outputs[0].GetTensorDataAsSpan<long>().ToArray();
    }
}
