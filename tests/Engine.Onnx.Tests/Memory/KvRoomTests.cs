using DeepSeekOrleans.Engine.Onnx.Memory;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Memory;

public sealed class KvRoomTests
{
    private const long Available = 1_000_000;

    [Fact]
    public void Require_NineTenthsOfTheMemory_Fits() => KvRoom.Require(bytesPerPosition: 100, slots: 9, positions: 1000, Available);

    [Fact]
    public void Require_MoreThanThat_SaysWhatFits()
    {
        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(
            () => KvRoom.Require(bytesPerPosition: 100, slots: 10, positions: 1000, Available));

        Assert.Contains("Onnx:ContextLength 900 with 10 slots", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Onnx:Slots 9 with this context", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AvailableBytes_OfThisMachine_IsMoreThanThisProcessCouldStartWith() =>
        Assert.InRange(MachineMemory.AvailableBytes(), 16L << 20, 1L << 46);
}
