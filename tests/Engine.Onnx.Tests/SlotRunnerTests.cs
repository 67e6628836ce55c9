using DeepSeekOrleans.Engine.Onnx.Slots;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

[Collection(ConvertedModels.Collection)]
public sealed class SlotRunnerTests(ConvertedModels models)
{
    private static readonly GreedyReference Reference = GreedyReference.Demo[1];

    [Fact]
    public void Decode_IdleRowsBesideIt_ChangeNothing()
    {
        using IModelRunner runner = models.LoadDemo(slots: 4);
        int vocabulary = runner.Shape.Vocabulary;
        float[] alone = new float[vocabulary];
        float[] logits = new float[3 * vocabulary];
        Greedy.Prefill(runner, slot: 0, Reference.Prompt, chunk: 256);
        runner.Decode([Reference.Output[0]], [Reference.Prompt.Length], alone);
        Greedy.Prefill(runner, slot: 2, Reference.Prompt, chunk: 256);

        runner.Decode([0, 0, Reference.Output[0]], [Reference.Prompt.Length + 1, 0, Reference.Prompt.Length], logits);

        Assert.Equal(alone, logits[(2 * vocabulary)..]);
    }

    [Fact]
    public void Decode_RowInTheMiddleOfItsPrompt_DoesNotDisturbIt()
    {
        using IModelRunner runner = models.LoadDemo(slots: 2);
        int half = Reference.Prompt.Length / 2;
        float[] expected = Greedy.Prefill(runner, slot: 1, Reference.Prompt, chunk: 256);
        float[] resumed = new float[expected.Length];
        float[] ignored = new float[2 * expected.Length];

        runner.Prefill(0, 0, Reference.Prompt.AsSpan(..half), []);
        runner.Decode([7, 7], [half, Reference.Prompt.Length], ignored);
        runner.Prefill(0, half, Reference.Prompt.AsSpan(half..), resumed);

        Assert.Equal(expected, resumed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CopySlot_ThenContinue_EqualsComputingItAnew(bool int8Cache)
    {
        using SlotRunner runner = models.LoadBareDemo(slots: 4, int8Cache: int8Cache);
        int shared = Reference.Prompt.Length - 3;
        float[] expected = Greedy.Prefill(runner, slot: 0, Reference.Prompt, chunk: 256);
        float[] continued = new float[expected.Length];

        runner.CopySlot(0, 3, shared);
        runner.Prefill(3, shared, Reference.Prompt.AsSpan(shared..), continued);

        Assert.Equal(expected, continued);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prefill_GarbageInUnwrittenMemory_IsNeverRead(bool int8Cache)
    {
        using SlotRunner runner = models.LoadBareDemo(slots: 2, int8Cache: int8Cache);
        int[] expected = Greedy.Generate(runner, Reference.Prompt, count: 16, chunk: 256);

        runner.Cache.Fill(0xFF);

        Assert.Equal(expected, Greedy.Generate(runner, Reference.Prompt, count: 16, chunk: 7));
    }

    [Fact]
    public void Prefill_UpToTheLastPosition_Works()
    {
        using IModelRunner runner = models.LoadDemo(slots: 2, contextLength: 33, maxPrefillChunk: 33);
        int[] tokens = [.. Enumerable.Range(100, 33)];
        float[] whole = new float[runner.Shape.Vocabulary];

        runner.Prefill(0, 0, tokens, whole);

        Assert.Equal(whole, Greedy.Prefill(runner, slot: 1, tokens, chunk: 8));
    }

    [Fact]
    public void Decode_LastPosition_EqualsALongerContext()
    {
        using IModelRunner tight = models.LoadDemo(slots: 1, contextLength: 9);
        using IModelRunner wide = models.LoadDemo(slots: 1);
        float[] expected = new float[wide.Shape.Vocabulary];
        float[] actual = new float[wide.Shape.Vocabulary];

        foreach ((IModelRunner runner, float[] logits) in new[] { (tight, actual), (wide, expected) })
        {
            runner.Prefill(0, 0, [1, 2, 3, 4, 5, 6, 7, 8], []);
            runner.Decode([9], [8], logits);
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Decode_SteadyState_BindsNothingAnew()
    {
        using IModelRunner runner = models.LoadDemo(slots: 4);
        float[] logits = new float[4 * runner.Shape.Vocabulary];
        runner.Decode([1, 2, 3, 4], [0, 0, 0, 0], logits);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int position = 1; position < 20; position++)
        {
            runner.Decode([1, 2, 3, 4], [position, position, position, position], logits);
        }

        // Optimised code allocates nothing at all; the JIT's first tier boxes a number here and there. Binding anew would cost 4 kB a step.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * 256);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4096)]
    public void Prefill_TokenOutsideTheVocabulary_IsRefused(int token)
    {
        using IModelRunner runner = models.LoadDemo(slots: 1);

        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Prefill(0, 0, [token], []));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 8)]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    public void Prefill_OutsideTheCache_IsRefused(int slot, int position)
    {
        using IModelRunner runner = models.LoadDemo(slots: 1, contextLength: 8);

        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Prefill(slot, position, [1], []));
    }
}
