namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>What a sequence gets may not depend on who shares its runs: bit by bit, or a near tie would one day tip over.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class BatchInvarianceTests(ConvertedModels models)
{
    private const int Steps = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(50)]
    public void Prefill_InChunks_GivesTheSameBitsAsWhole(int chunk)
    {
        using IModelRunner runner = models.LoadDemo(slots: 2);

        foreach (GreedyReference reference in GreedyReference.Demo.OrderByDescending(reference => reference.Prompt.Length).Take(8))
        {
            float[] whole = Greedy.Prefill(runner, slot: 0, reference.Prompt, chunk: 256);
            float[] pieces = Greedy.Prefill(runner, slot: 1, reference.Prompt, chunk);

            AssertSameBits(whole, pieces);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    public void Decode_WithOtherRows_GivesTheSameBitsAsAlone(int rows)
    {
        using IModelRunner alone = models.LoadDemo(slots: 1);
        using IModelRunner together = models.LoadDemo(slots: 16);
        GreedyReference[] references = [.. GreedyReference.Demo.Where(reference => reference.Output.Length >= Steps).Take(rows)];
        float[][][] expected = [.. references.Select(reference => DecodeAlone(alone, reference))];
        int vocabulary = together.Shape.Vocabulary;
        float[] logits = new float[rows * vocabulary];

        for (int row = 0; row < rows; row++)
        {
            Greedy.Prefill(together, row, references[row].Prompt, chunk: 256);
        }

        for (int step = 0; step < Steps; step++)
        {
            together.Decode(
                [.. references.Select(reference => reference.Output[step])], [.. references.Select(reference => reference.Prompt.Length + step)], logits);

            for (int row = 0; row < rows; row++)
            {
                AssertSameBits(expected[row][step], logits.AsSpan(row * vocabulary, vocabulary));
            }
        }
    }

    private static float[][] DecodeAlone(IModelRunner runner, GreedyReference reference)
    {
        Greedy.Prefill(runner, slot: 0, reference.Prompt, chunk: 256);
        float[][] logits = new float[Steps][];
        for (int step = 0; step < Steps; step++)
        {
            logits[step] = new float[runner.Shape.Vocabulary];
            runner.Decode([reference.Output[step]], [reference.Prompt.Length + step], logits[step]);
        }

        return logits;
    }

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToInt32Bits(expected[i]), BitConverter.SingleToInt32Bits(actual[i]));
        }
    }
}
