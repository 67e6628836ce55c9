using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>A chunk gives the logits of no position, of the last or of every one, and a position's logits do not depend on which.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class PrefillLogitsTests(ConvertedModels models)
{
    [Theory]
    [InlineData(256, ModelPrecision.Float32)]
    [InlineData(7, ModelPrecision.Float32)]
    [InlineData(1, ModelPrecision.Float32)]
    [InlineData(7, ModelPrecision.Int4Wide)]
    [InlineData(1, ModelPrecision.Int4Wide)]
    public void Prefill_EveryPosition_GivesTheBitsThatEachGivesAsTheLast(int chunk, ModelPrecision precision)
    {
        using IModelRunner runner = OnnxModel.Load(models.Prepare(Repository.DemoModel, precision), new OnnxRunnerOptions { Slots = 2 });
        int vocabulary = runner.Shape.Vocabulary;
        int[] prompt = GreedyReference.Demo.MaxBy(reference => reference.Prompt.Length)!.Prompt;
        float[] last = new float[vocabulary];

        float[] every = PrefillEvery(runner, slot: 1, prompt, chunk);

        for (int position = 0; position < prompt.Length; position++)
        {
            runner.Prefill(0, position, prompt.AsSpan(position, 1), last);
            Assert.True(last.AsSpan().SequenceEqual(every.AsSpan(position * vocabulary, vocabulary)), $"position {position} of {prompt.Length}");
        }
    }

    [Fact]
    public void Prefill_MoreRowsAfterFewer_EverySlotStillWritesWhereItShould()
    {
        using IModelRunner runner = models.LoadDemo(slots: 2);
        int vocabulary = runner.Shape.Vocabulary;
        int[] prompt = GreedyReference.Demo[0].Prompt;
        float[] expected = Greedy.Prefill(runner, slot: 0, prompt, chunk: 256);
        float[] none = [];

        PrefillEvery(runner, slot: 1, prompt, chunk: 256);
        float[] again = Greedy.Prefill(runner, slot: 0, prompt, chunk: 256);
        runner.Prefill(0, 0, prompt, none);
        float[] everyAgain = PrefillEvery(runner, slot: 0, prompt, chunk: 256);

        Assert.Equal(expected, again);
        Assert.Equal(expected, everyAgain[^vocabulary..]);
    }

    [Fact]
    public void Prefill_NumberOfLogitsBetweenOneAndEvery_IsRefused()
    {
        using IModelRunner runner = models.LoadDemo(slots: 1);

        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Prefill(0, 0, [1, 2, 3], new float[2 * runner.Shape.Vocabulary]));
    }

    [SharedDataFact]
    public void Prefill_PublicGraphEveryPosition_EqualsOneRunPerPosition()
    {
        string directory = models.Prepare(SharedData.Path("models/stories260K/onnx"));
        using IModelRunner runner = OnnxModel.Load(directory, new OnnxRunnerOptions { Slots = 2 });
        int vocabulary = runner.Shape.Vocabulary;
        int[] prompt = [.. Enumerable.Range(10, 20)];
        float[] last = new float[vocabulary];

        float[] every = PrefillEvery(runner, slot: 1, prompt, chunk: 256);

        for (int position = 0; position < prompt.Length; position++)
        {
            runner.Prefill(0, position, prompt.AsSpan(position, 1), last);
            for (int token = 0; token < vocabulary; token++)
            {
                Assert.Equal(last[token], every[(position * vocabulary) + token], 1e-3f);
            }
        }
    }

    private static float[] PrefillEvery(IModelRunner runner, int slot, int[] prompt, int chunk)
    {
        int vocabulary = runner.Shape.Vocabulary;
        float[] logits = new float[prompt.Length * vocabulary];
        for (int position = 0; position < prompt.Length; position += chunk)
        {
            int length = Math.Min(chunk, prompt.Length - position);
            runner.Prefill(slot, position, prompt.AsSpan(position, length), logits.AsSpan(position * vocabulary, length * vocabulary));
        }

        return logits;
    }
}
