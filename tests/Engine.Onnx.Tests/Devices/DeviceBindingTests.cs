using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Devices;

/// <summary>The runner on a device with memory of its own: every input is sent, every result fetched, and nothing more.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class DeviceBindingTests(ConvertedModels models)
{
    private static readonly GreedyReference Reference = GreedyReference.Demo[1];

    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Float16)]
    public void Generate_OnADeviceOfItsOwn_GivesTheHostsTokens(ModelPrecision precision)
    {
        MirroredDevice device = new();
        using SlotRunner host = models.LoadBareDemo(slots: 2, precision);
        using SlotRunner remote = models.LoadBareDemo(slots: 2, precision, device);

        int[] expected = Greedy.Generate(host, Reference.Prompt, count: 16, chunk: 7);

        Assert.Equal(expected, Greedy.Generate(remote, Reference.Prompt, count: 16, chunk: 7));
        Assert.Equal(expected, Greedy.Generate(remote, Reference.Prompt, count: 16, chunk: 256));
    }

    [Fact]
    public void Prefill_LogitsOfEveryPosition_AreTheHosts()
    {
        using SlotRunner host = models.LoadBareDemo(slots: 1);
        using SlotRunner remote = models.LoadBareDemo(slots: 1, device: new MirroredDevice());
        float[] expected = new float[9 * host.Shape.Vocabulary];
        float[] actual = new float[expected.Length];

        host.Prefill(0, 0, Reference.Prompt.AsSpan(..9), expected);
        remote.Prefill(0, 0, Reference.Prompt.AsSpan(..9), actual);

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void CopySlot_OnADeviceOfItsOwn_EqualsComputingItAnew()
    {
        using SlotRunner runner = models.LoadBareDemo(slots: 3, device: new MirroredDevice());
        int shared = Reference.Prompt.Length - 3;
        float[] expected = Greedy.Prefill(runner, slot: 0, Reference.Prompt, chunk: 256);
        float[] continued = new float[expected.Length];

        runner.CopySlot(0, 2, shared);
        runner.Prefill(2, shared, Reference.Prompt.AsSpan(shared..), continued);

        Assert.Equal(expected, continued);
    }

    [Fact]
    public void Decode_Step_MovesItsTokensPositionsAndLogitsAlone()
    {
        MirroredDevice device = new();
        using SlotRunner runner = models.LoadBareDemo(slots: 4, device: device);
        float[] logits = new float[3 * runner.Shape.Vocabulary];
        runner.Decode([1, 2, 3], [0, 0, 0], logits);
        (long sent, long fetched) = (device.BytesSent, device.BytesFetched);

        runner.Decode([4, 5, 6], [1, 1, 1], logits);

        Assert.Equal(3 * (sizeof(long) + sizeof(int)), device.BytesSent - sent);
        Assert.Equal(logits.Length * sizeof(float), device.BytesFetched - fetched);
    }

    [Fact]
    public void Dispose_AfterRuns_GivesAllMemoryBack()
    {
        MirroredDevice device = new();
        SlotRunner runner = models.LoadBareDemo(slots: 2, device: device);
        Greedy.Generate(runner, Reference.Prompt, count: 2, chunk: 256);

        runner.Dispose();

        Assert.Equal(0, device.Allocations);
    }
}
