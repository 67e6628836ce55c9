using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>In every precision and with each kind of KV cache, what a sequence gets may not depend on who shares its runs, bit by bit.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class PrecisionInvarianceTests(ConvertedModels models)
{
    private const int Steps = 16;
    private const int Rows = 8;

    // all that a CPU serves
    public static TheoryData<ModelPrecision, bool> Forms
    {
        get
        {
            TheoryData<ModelPrecision, bool> forms = [];
            foreach (ModelPrecision precision in Enum.GetValues<ModelPrecision>().Where(precision => PrecisionSupport.ServingProblem("cpu", precision.Name()) is null))
            {
                forms.Add(precision, false);
                if (precision != ModelPrecision.Int4Float16)
                {
                    forms.Add(precision, true);
                }
            }

            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Prefill_InChunks_GivesTheSameBitsAsWhole(ModelPrecision precision, bool int8Cache)
    {
        using IModelRunner runner = Load(Repository.DemoModel, precision, slots: 2, int8Cache);

        foreach (GreedyReference reference in GreedyReference.Demo.OrderByDescending(reference => reference.Prompt.Length).Take(8))
        {
            float[] whole = Greedy.Prefill(runner, slot: 0, reference.Prompt, chunk: 256);
            foreach (int chunk in (int[])[1, 7, 16])
            {
                AssertSameBits(whole, Greedy.Prefill(runner, slot: 1, reference.Prompt, chunk));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Decode_WithOtherRows_GivesTheSameBitsAsAlone(ModelPrecision precision, bool int8Cache) => AssertCompanyChangesNothing(
        Repository.DemoModel, precision, [.. GreedyReference.Demo.Where(reference => reference.Output.Length > Steps).Take(Rows)], int8Cache);

    // What makes going on from emitted tokens exact by construction: a cache in floating point has two kernels, which round differently.
    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int8)]
    [InlineData(ModelPrecision.Int4)]
    [InlineData(ModelPrecision.Int4Wide)]
    public void Decode_WithAnInt8Cache_GivesTheSameBitsAsPrefill(ModelPrecision precision)
    {
        using IModelRunner runner = Load(Repository.DemoModel, precision, slots: 2, int8Cache: true);

        foreach (GreedyReference reference in GreedyReference.Demo.Where(reference => reference.Output.Length > Steps).Take(Rows))
        {
            float[][] decoded = DecodeAlone(runner, reference, Steps);
            for (int step = 0; step < Steps; step++)
            {
                AssertSameBits(decoded[step], Greedy.Prefill(runner, slot: 1, [.. reference.Prompt, .. reference.Output[..(step + 1)]], chunk: 256));
            }
        }
    }

    // What makes a verified draft exact by construction: several rows of one short chunk, each as a decode run gives it.
    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int8)]
    [InlineData(ModelPrecision.Int4)]
    public void Decode_WithAnInt8Cache_GivesTheSameBitsAsEveryRowOfAChunk(ModelPrecision precision)
    {
        using IModelRunner runner = Load(Repository.DemoModel, precision, slots: 2, int8Cache: true);
        int vocabulary = runner.Shape.Vocabulary;
        float[] logits = new float[Steps * vocabulary];

        foreach (GreedyReference reference in GreedyReference.Demo.Where(reference => reference.Output.Length > Steps).Take(Rows))
        {
            float[][] decoded = DecodeAlone(runner, reference, Steps);
            foreach (int chunk in (int[])[2, 4, 5, 8])
            {
                Greedy.Prefill(runner, slot: 1, reference.Prompt, chunk: 256);
                for (int step = 0; step + chunk <= Steps; step += chunk)
                {
                    runner.Prefill(1, reference.Prompt.Length + step, reference.Output.AsSpan(step, chunk), logits.AsSpan(0, chunk * vocabulary));
                    for (int row = 0; row < chunk; row++)
                    {
                        AssertSameBits(decoded[step + row], logits.AsSpan(row * vocabulary, vocabulary));
                    }
                }
            }
        }
    }

    [SharedDataTheory]
    [InlineData("deepseek-v3", ModelPrecision.Int8)]
    [InlineData("deepseek-v2-lite", ModelPrecision.Int8)]
    [InlineData("qwen3", ModelPrecision.Int8)]
    public void Decode_OfOtherArchitecturesWithOtherRows_GivesTheSameBitsAsAlone(string model, ModelPrecision precision) =>
        AssertCompanyChangesNothing(
            SharedData.Path($"models/tiny/{model}"), precision, [.. GreedyReference.Read(SharedData.Path($"models/tiny/{model}/greedy.jsonl"), "output_ids")]);

    private void AssertCompanyChangesNothing(string model, ModelPrecision precision, GreedyReference[] references, bool int8Cache = false)
    {
        using IModelRunner runner = Load(model, precision, slots: references.Length, int8Cache);
        int vocabulary = runner.Shape.Vocabulary;
        int steps = Math.Min(Steps, references.Min(reference => reference.Output.Length));
        float[][][] alone = [.. references.Select(reference => DecodeAlone(runner, reference, steps))];
        float[] logits = new float[references.Length * vocabulary];
        for (int row = 0; row < references.Length; row++)
        {
            Greedy.Prefill(runner, row, references[row].Prompt, chunk: 256);
        }

        for (int step = 0; step < steps; step++)
        {
            runner.Decode(
                [.. references.Select(reference => reference.Output[step])], [.. references.Select(reference => reference.Prompt.Length + step)], logits);
            for (int row = 0; row < references.Length; row++)
            {
                AssertSameBits(alone[row][step], logits.AsSpan(row * vocabulary, vocabulary));
            }
        }
    }

    private static float[][] DecodeAlone(IModelRunner runner, GreedyReference reference, int steps)
    {
        Greedy.Prefill(runner, slot: 0, reference.Prompt, chunk: 256);
        float[][] logits = new float[steps][];
        for (int step = 0; step < steps; step++)
        {
            logits[step] = new float[runner.Shape.Vocabulary];
            runner.Decode([reference.Output[step]], [reference.Prompt.Length + step], logits[step]);
        }

        return logits;
    }

    private IModelRunner Load(string model, ModelPrecision precision, int slots, bool int8Cache) =>
        OnnxModel.Load(models.Prepare(model, precision, int8Cache), new OnnxRunnerOptions { Slots = slots, ContextLength = 512 });

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.False(expected.ContainsAnyExceptInRange(-1e6f, 1e6f), "a logit is not a number");
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToInt32Bits(expected[i]), BitConverter.SingleToInt32Bits(actual[i]));
        }
    }
}
