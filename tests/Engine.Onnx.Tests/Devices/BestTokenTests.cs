using System.Numerics.Tensors;
using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.ModelFactory;
using Xunit.Abstractions;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Devices;

/// <summary>Rows that take the best token leave their logits on the device, and nobody's token changes by it.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class BestTokenTests(ConvertedModels models, ITestOutputHelper output)
{
    private const float Unwritten = 12345;

    private static readonly GreedyReference Reference = GreedyReference.Demo[1];

    [Theory]
    [InlineData(ModelPrecision.Float16)]
    [InlineData(ModelPrecision.Int4Float16)]
    public void Generate_GreedyRow_GivesTheHostsTokensAndFetchesLogitsOfTiesAlone(ModelPrecision precision)
    {
        const int Count = 64;
        MirroredDevice device = new();
        using SlotRunner host = models.LoadBareDemo(slots: 1, precision);
        using SlotRunner remote = models.LoadBareDemo(slots: 1, precision, device);
        int[] expected = Greedy.Generate(host, Reference.Prompt, Count, chunk: 256);
        long before = device.BytesFetched;

        (int[] tokens, int looks) = Generate(remote, Reference.Prompt, Count);

        Assert.Equal(expected, tokens);
        Assert.Equal(Ties(host, Reference.Prompt, expected), looks);
        long logits = remote.Shape.Vocabulary * sizeof(float);
        Assert.Equal((Count * sizeof(long)) + (looks * logits), device.BytesFetched - before);
        output.WriteLine($"{precision}: {device.BytesFetched - before} bytes for {Count} tokens, {looks} rows tied; {Count * logits} with all logits");
    }

    [Fact]
    public void Decode_GreedyAndSampledRowsTogether_FetchesTheLogitsOfTheSampledAlone()
    {
        MirroredDevice device = new();
        using SlotRunner host = models.LoadBareDemo(slots: 3, ModelPrecision.Float16);
        using SlotRunner remote = models.LoadBareDemo(slots: 3, ModelPrecision.Float16, device);
        int vocabulary = host.Shape.Vocabulary;
        int[] positions = [.. Enumerable.Range(1, 3).Select(slot => PrefillBoth(host, remote, slot - 1, GreedyReference.Demo[slot].Prompt))];
        int[] tokens = [.. Enumerable.Range(1, 3).Select(slot => GreedyReference.Demo[slot].Output[0])];
        float[] expected = new float[3 * vocabulary];
        host.Decode(tokens, positions, expected);
        float[] logits = new float[expected.Length];
        logits.AsSpan().Fill(Unwritten);
        int[] best = [0, IModelRunner.SeeLogits, 0];
        long before = device.BytesFetched;

        remote.Decode(tokens, positions, logits, best);

        Assert.Equal([Best(expected, 0, vocabulary), IModelRunner.SeeLogits, Best(expected, 2, vocabulary)], best);
        Assert.Equal(expected[vocabulary..(2 * vocabulary)], logits[vocabulary..(2 * vocabulary)]);
        Assert.All(logits[..vocabulary].Concat(logits[(2 * vocabulary)..]), logit => Assert.Equal(Unwritten, logit));
        Assert.Equal((3 * sizeof(long)) + (vocabulary * sizeof(float)), device.BytesFetched - before);
    }

    [Fact]
    public void Decode_NotANumberInOneRow_LeavesThatRowToItsLogits()
    {
        using SlotRunner runner = models.LoadBareDemo(slots: 2, ModelPrecision.Float16, new MirroredDevice());
        int vocabulary = runner.Shape.Vocabulary;
        runner.Cache.Fill(0xFF);
        Greedy.Prefill(runner, slot: 0, Reference.Prompt, chunk: 256);
        float[] logits = new float[2 * vocabulary];
        logits.AsSpan().Fill(Unwritten);
        int[] best = [0, 0];
        int next = Reference.Prompt.Length;

        runner.Decode([Reference.Output[0], Reference.Output[0]], [next, next], logits, best);

        Assert.InRange(best[0], 0, vocabulary - 1);
        Assert.Equal(IModelRunner.SeeLogits, best[1]);
        Assert.All(logits[..vocabulary], logit => Assert.Equal(Unwritten, logit));
        Assert.Contains(logits[vocabulary..], float.IsNaN);
    }

    [Fact]
    public void Prefill_OneRowAndEveryRowByTurns_AreTheHosts()
    {
        using SlotRunner host = models.LoadBareDemo(slots: 1, ModelPrecision.Float16);
        using SlotRunner remote = models.LoadBareDemo(slots: 1, ModelPrecision.Float16, new MirroredDevice());
        ReadOnlySpan<int> prompt = Reference.Prompt.AsSpan(..9);
        float[] every = new float[9 * host.Shape.Vocabulary];
        float[] last = new float[host.Shape.Vocabulary];
        host.Prefill(0, 0, prompt, every);
        float[] expected = [.. every];

        for (int turn = 0; turn < 2; turn++)
        {
            int[] best = [0];
            remote.Prefill(0, 0, prompt, last, best);
            remote.Prefill(0, 0, prompt, every);

            Assert.Equal(Best(expected, 8, host.Shape.Vocabulary), best[0]);
            Assert.Equal(expected, every);
        }
    }

    [Theory]
    [InlineData(ModelPrecision.Float16, false)]
    [InlineData(ModelPrecision.Float32, true)]
    public void Decode_RunnerThatChoosesNoTokens_RefusesToNameThem(ModelPrecision precision, bool onADevice)
    {
        using SlotRunner runner = models.LoadBareDemo(slots: 1, precision, onADevice ? new MirroredDevice() : HostDevice.Instance);

        Assert.False(runner.Shape.ChoosesTokens);
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Decode([1], [0], new float[runner.Shape.Vocabulary], new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Prefill(0, 0, [1], new float[runner.Shape.Vocabulary], new int[1]));
    }

    [Fact]
    public async Task GenerateAsync_GreedyAndSampledSequencesByTurns_GivesTheHostsTokens()
    {
        MirroredDevice device = new();
        await using EngineRun host = EngineRun.Start(models.LoadBareDemo(slots: 2, ModelPrecision.Float16), new EngineOptions());
        await using EngineRun remote = EngineRun.Start(models.LoadBareDemo(slots: 2, ModelPrecision.Float16, device), new EngineOptions());
        GenerationRequest greedy = new() { Id = 0, Tenant = "a", PromptIds = [.. Reference.Prompt], MaxTokens = 16 };
        GenerationRequest sampled = greedy with { Sampling = new SamplingParameters { Temperature = 1, Seed = 5 } };
        GenerationRequest penalised = greedy with { Sampling = new SamplingParameters { RepetitionPenalty = 1.5f } };

        foreach (GenerationRequest request in (GenerationRequest[])[greedy, sampled, penalised, greedy])
        {
            int[] expected = await host.GenerateAsync(request);

            Assert.Equal(expected, await remote.GenerateAsync(request));
        }
    }

    [Fact]
    public void Dispose_AfterNamedTokens_GivesAllMemoryBack()
    {
        MirroredDevice device = new();
        SlotRunner runner = models.LoadBareDemo(slots: 2, ModelPrecision.Float16, device);
        Generate(runner, Reference.Prompt, count: 2);

        runner.Dispose();

        Assert.Equal(0, device.Allocations);
    }

    /// <returns>The tokens, and for how many of them the runner left it to the logits.</returns>
    internal static (int[] Tokens, int Looks) Generate(SlotRunner runner, int[] prompt, int count)
    {
        Assert.True(runner.Shape.ChoosesTokens);
        float[] logits = new float[runner.Shape.Vocabulary];
        int[] best = [0];
        int looks = 0;
        runner.Prefill(0, 0, prompt, logits, best);
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            looks += best[0] == IModelRunner.SeeLogits ? 1 : 0;
            tokens[i] = best[0] == IModelRunner.SeeLogits ? TensorPrimitives.IndexOfMax(logits) : best[0];
            if (i + 1 < count)
            {
                best[0] = 0;
                runner.Decode([tokens[i]], [prompt.Length + i], logits, best);
            }
        }

        return (tokens, looks);
    }

    private static int Ties(SlotRunner host, int[] prompt, int[] tokens)
    {
        float[] logits = Greedy.Prefill(host, slot: 0, prompt, chunk: 256);
        int ties = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            ties += logits.AsSpan().Count(logits[tokens[i]]) > 1 ? 1 : 0;
            if (i + 1 < tokens.Length)
            {
                host.Decode([tokens[i]], [prompt.Length + i], logits);
            }
        }

        return ties;
    }

    private static int PrefillBoth(SlotRunner host, SlotRunner remote, int slot, int[] prompt)
    {
        Greedy.Prefill(host, slot, prompt, chunk: 256);
        Greedy.Prefill(remote, slot, prompt, chunk: 256);
        return prompt.Length;
    }

    private static int Best(float[] logits, int row, int vocabulary) => TensorPrimitives.IndexOfMax(logits.AsSpan(row * vocabulary, vocabulary));
}
