using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace DeepSeekOrleans.ModelFactory.Onnx;

/// <summary>Writes float32 numbers rounded to the nearest of another floating-point type, of two equally near ones to the even one.</summary>
internal sealed class FloatStream(Stream target, OnnxElement element)
{
    private ushort[] _rounded = [];

    public void Write(ReadOnlySpan<float> numbers)
    {
        if (element == OnnxElement.Float)
        {
            target.Write(MemoryMarshal.AsBytes(numbers));
            return;
        }

        if (_rounded.Length < numbers.Length)
        {
            _rounded = new ushort[numbers.Length];
        }

        Span<ushort> rounded = _rounded.AsSpan(0, numbers.Length);
        switch (element)
        {
            case OnnxElement.Float16:
                TensorPrimitives.ConvertToHalf(numbers, MemoryMarshal.Cast<ushort, Half>(rounded));
                break;
            case OnnxElement.BFloat16:
                ToBrainFloat(numbers, rounded);
                break;
            default:
                throw new UnreachableException();
        }

        target.Write(MemoryMarshal.AsBytes(rounded));
    }

    // The upper half of a float32, after adding just under half of its last place, or half where that place is odd.
    private static void ToBrainFloat(ReadOnlySpan<float> numbers, Span<ushort> rounded)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(numbers[i]);
            rounded[i] = float.IsNaN(numbers[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }
}
