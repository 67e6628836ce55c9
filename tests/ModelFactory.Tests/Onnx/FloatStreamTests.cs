using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Tests.Onnx;

public sealed class FloatStreamTests
{
    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(-2f, 0xC000)]
    [InlineData(1.00390625f, 0x3F80)] // half-way between 1 and the next number: to the even one below
    [InlineData(1.01171875f, 0x3F82)] // half-way again: to the even one above
    [InlineData(1.004f, 0x3F81)]
    [InlineData(3.4e38f, 0x7F80)] // beyond the largest
    [InlineData(float.NegativeInfinity, 0xFF80)]
    [InlineData(0f, 0)]
    public void Write_BFloat16_RoundsToTheNearestEven(float number, int expected) =>
        Assert.Equal((ushort)expected, Written(OnnxElement.BFloat16, number));

    [Fact]
    public void Write_BFloat16NotANumber_StaysOne() => Assert.True((Written(OnnxElement.BFloat16, BitConverter.UInt32BitsToSingle(0x7F80_0001)) & 0x7F) != 0);

    [Theory]
    [InlineData(1f)]
    [InlineData(0.333333f)]
    [InlineData(65504f)]
    [InlineData(6e-8f)]
    public void Write_Float16_IsWhatTheRuntimeRoundsTo(float number) =>
        Assert.Equal(BitConverter.HalfToUInt16Bits((Half)number), Written(OnnxElement.Float16, number));

    private static ushort Written(OnnxElement element, float number)
    {
        using MemoryStream stream = new();
        new FloatStream(stream, element).Write([0, number]);
        return MemoryMarshal.Cast<byte, ushort>(stream.ToArray())[1];
    }
}
