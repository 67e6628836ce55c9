using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.RandomModels;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>
/// What the demo model shows of company, with matrices as wide as those of real models and two threads that share them: kernels choose
/// their tiles by the sizes of a product, and give what is left over at an edge to other code.
/// </summary>
public sealed class WideMatrixTests(WideModel model) : IClassFixture<WideModel>
{
    private const int MostRows = 9;

    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int8)]
    [InlineData(ModelPrecision.Int4)]
    [InlineData(ModelPrecision.Int4Wide)]
    public void R14_RowsOfAWideModel_InAnyCompany_GiveTheBitsTheyGiveAlone(ModelPrecision precision)
    {
        using IModelRunner runner = model.Load(precision, MostRows);
        int[][] prompts = [.. Enumerable.Range(0, MostRows).Select(row => Tokens(20 + row, seed: row))];
        int[] next = Tokens(MostRows, seed: 100);
        float[][] alone = [.. prompts.Select((prompt, row) => Decode(runner, [prompt], next.AsSpan(row, 1)))];

        for (int rows = 1; rows <= MostRows; rows++)
        {
            float[] logits = Decode(runner, prompts[..rows], next.AsSpan(0, rows));

            for (int row = 0; row < rows; row++)
            {
                Assert.True(
                    alone[row].AsSpan().SequenceEqual(logits.AsSpan(row * WideModel.Vocabulary, WideModel.Vocabulary)), $"row {row} of {rows} differs from the same row alone");
            }
        }
    }

    [Theory]
    [InlineData(ModelPrecision.Int8)]
    [InlineData(ModelPrecision.Int4)]
    [InlineData(ModelPrecision.Int4Wide)]
    public void R14_PromptOfAWideModel_InChunks_GivesTheBitsItGivesWhole(ModelPrecision precision)
    {
        using IModelRunner runner = model.Load(precision, MostRows);
        int[] prompt = Tokens(101, seed: 7);
        float[] whole = Greedy.Prefill(runner, slot: 0, prompt, chunk: 128);

        foreach (int chunk in (int[])[1, 5, 16, 33, 100])
        {
            float[] cut = Greedy.Prefill(runner, slot: 1, prompt, chunk);

            Assert.True(whole.AsSpan().SequenceEqual(cut), $"in chunks of {chunk}");
        }
    }

    private static float[] Decode(IModelRunner runner, int[][] prompts, ReadOnlySpan<int> next)
    {
        for (int slot = 0; slot < prompts.Length; slot++)
        {
            Greedy.Prefill(runner, slot, prompts[slot], chunk: 128);
        }

        float[] logits = new float[prompts.Length * WideModel.Vocabulary];
        runner.Decode(next, Array.ConvertAll(prompts, prompt => prompt.Length), logits);
        return logits;
    }

    private static int[] Tokens(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(WideModel.Vocabulary))];
    }
}

/// <summary>One layer with random weights, converted once for each precision.</summary>
public sealed class WideModel : IDisposable
{
    public const int Vocabulary = 4_096;

    private static readonly DecoderShape Shape = new("wide", "qwen2", Layers: 1, 896, 2_432, 14, 2, Vocabulary, IsTied: true) { ContextLength = 256 };

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("wide-model-");

    public WideModel() => RandomModel.Write(Shape, Source, Repository.DemoModel, seed: 3, progress: null, CancellationToken.None);

    private string Source => Path.Combine(_root.FullName, "source");

    public IModelRunner Load(ModelPrecision precision, int slots) => OnnxModel.Load(
        ModelConversion.Prepare(Source, Path.Combine(_root.FullName, "cache"), precision, progress: null, CancellationToken.None).Directory,
        new OnnxRunnerOptions { Slots = slots, MaxPrefillChunk = 128, IntraOpThreads = 2 });

    public void Dispose() => _root.Delete(recursive: true);
}
