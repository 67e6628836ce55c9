using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>Decode rows and a chunk in one run get the bits that they get in two, whatever the numbers of both.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class JoinedRunTests(ConvertedModels models)
{
    private const int Slots = 17;
    private const int Context = 1024;
    private const int LongestChunk = 256;

    public static TheoryData<bool, int> DemoForms => new() { { false, 1 }, { false, 2 }, { true, 1 }, { true, 2 } };

    [Theory]
    [MemberData(nameof(DemoForms))]
    public void R14_PrefillBesideDecode_AnyRowsAndAnyChunk_GivesTheBitsOfTwoRuns(bool int8Cache, int threads) =>
        AssertSameBits(models.Prepare(Repository.DemoModel, ModelPrecision.Int8, int8Cache), threads, rounds: 60);

    [SharedDataTheory]
    [InlineData("qwen2-tied")]
    [InlineData("qwen2-untied")]
    [InlineData("qwen3")]
    [InlineData("llama")]
    [InlineData("llama3-rope")]
    public void R14_PrefillBesideDecode_OtherArchitectures_GivesTheBitsOfTwoRuns(string model)
    {
        string directory = SharedData.Path($"models/tiny/{model}");
        AssertSameBits(models.Prepare(directory, ModelPrecision.Int8), threads: 2, rounds: 30);
    }

    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int4)]
    [InlineData(ModelPrecision.Int4Wide)]
    public void Load_FormWhoseSumsAreInFloatingPoint_DoesNotJoinRuns(ModelPrecision precision)
    {
        using IModelRunner runner = Load(models.Prepare(Repository.DemoModel, precision), threads: 1, joins: true);

        Assert.False(runner.Shape.JoinsRuns);
    }

    [SharedDataTheory]
    [InlineData("deepseek-v2-lite")]
    [InlineData("deepseek-v3")]
    public void Load_LatentAttention_DoesNotJoinRuns(string model)
    {
        using IModelRunner runner = Load(models.Prepare(SharedData.Path($"models/tiny/{model}"), ModelPrecision.Int8), threads: 1, joins: true);

        Assert.False(runner.Shape.JoinsRuns);
    }

    [Fact]
    public void PrefillBesideDecode_SwitchedOff_IsRefused()
    {
        using IModelRunner runner = Load(models.Prepare(Repository.DemoModel, ModelPrecision.Int8), threads: 1, joins: false);

        Assert.False(runner.Shape.JoinsRuns);
        Assert.Throws<NotSupportedException>(() => runner.PrefillBesideDecode(0, 0, [1], [], [1], [1], new float[runner.Shape.Vocabulary]));
    }

    [Fact]
    public void Dispose_Twice_DoesNothingTheSecondTime()
    {
        IModelRunner runner = Load(models.Prepare(Repository.DemoModel, ModelPrecision.Int8), threads: 1, joins: true);

        runner.Dispose();
        runner.Dispose();
    }

    private static void AssertSameBits(string model, int threads, int rounds)
    {
        using IModelRunner joined = Load(model, threads, joins: true);
        using IModelRunner apart = Load(model, threads, joins: false);
        Assert.True(joined.Shape.JoinsRuns);
        int vocabulary = joined.Shape.Vocabulary;
        var random = new Random(threads);
        int[] lengths = new int[Slots];
        for (int slot = 0; slot < Slots; slot++)
        {
            int[] prompt = Tokens(random, 1 + random.Next(40), vocabulary);
            Greedy.Prefill(joined, slot, prompt, LongestChunk);
            Greedy.Prefill(apart, slot, prompt, LongestChunk);
            lengths[slot] = prompt.Length;
        }

        for (int round = 0; round < rounds; round++)
        {
            int rows = 1 + (round % (Slots - 1));

            // among the rows, or above them
            int slot = round % 3 == 0 ? random.Next(rows) : rows;
            int position = Math.Min(lengths[slot], Context - LongestChunk - 2);
            int[] chunk = Tokens(random, round % 4 == 0 ? LongestChunk : 1 + random.Next(round % 2 == 0 ? 8 : 100), vocabulary);
            int[] tokens = Tokens(random, rows, vocabulary);
            int[] positions = [.. lengths.Take(rows)];
            if (slot < rows)
            {
                positions[slot] = position + chunk.Length;
            }

            bool completes = round % 2 == 0;
            Logits expected = new(rows, vocabulary, completes);
            Logits actual = new(rows, vocabulary, completes);
            apart.Prefill(slot, position, chunk, expected.OfChunk);
            apart.Decode(tokens, positions, expected.OfRows);
            joined.PrefillBesideDecode(slot, position, chunk, actual.OfChunk, tokens, positions, actual.OfRows);

            string what = $"round {round}: {rows} rows, {chunk.Length} tokens for slot {slot}";
            AssertSameBits(expected.OfChunk, actual.OfChunk, what);
            for (int row = 0; row < rows; row++)
            {
                lengths[row] = row == slot ? lengths[row] : Math.Min(lengths[row] + 1, Context - LongestChunk - 2);
                if (row != slot)
                {
                    AssertSameBits(
                        expected.OfRows.AsSpan(row * vocabulary, vocabulary), actual.OfRows.AsSpan(row * vocabulary, vocabulary), $"{what}, row {row}");
                }
            }

            lengths[slot] = Math.Min(position + chunk.Length, Context - LongestChunk - 2);
        }
    }

    private static IModelRunner Load(string model, int threads, bool joins) => OnnxModel.Load(
        model,
        new OnnxRunnerOptions { Slots = Slots, ContextLength = Context, MaxPrefillChunk = LongestChunk, IntraOpThreads = threads, JoinRuns = joins });

    private static int[] Tokens(Random random, int count, int vocabulary) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.False(expected.ContainsAnyExceptInRange(-1e6f, 1e6f), $"{what}: a logit is not a number");
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]), $"{what}: {expected[i]:R} became {actual[i]:R}");
        }
    }

    private sealed class Logits(int rows, int vocabulary, bool completes)
    {
        public float[] OfChunk { get; } = new float[completes ? vocabulary : 0];

        public float[] OfRows { get; } = new float[rows * vocabulary];
    }
}
