using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>The number formats of stored weights that can be read.</summary>
internal enum WeightElement
{
    Float32,
    Float16,
    BFloat16,
    Float8E4M3,
}

internal static class WeightElementExtensions
{
    private static readonly float[] Float8Values = [.. Enumerable.Range(0, 256).Select(Float8)];

    public static WeightElement? Parse(string name) => name switch
    {
        "F32" => WeightElement.Float32,
        "F16" => WeightElement.Float16,
        "BF16" => WeightElement.BFloat16,
        "F8_E4M3" => WeightElement.Float8E4M3,
        _ => null,
    };

    /// <summary>Bytes per number.</summary>
    public static int Size(this WeightElement element) => element switch
    {
        WeightElement.Float32 => 4,
        WeightElement.Float8E4M3 => 1,
        _ => 2,
    };

    /// <summary>Widens little-endian numbers to float32, exactly.</summary>
    public static void ToSingle(this WeightElement element, ReadOnlySpan<byte> source, Span<float> target)
    {
        switch (element)
        {
            case WeightElement.Float32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(target);
                break;
            case WeightElement.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), target);
                break;
            case WeightElement.Float8E4M3:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = Float8Values[source[i]];
                }

                break;
            default:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
                }

                break;
        }
    }

    // One sign, four exponent bits (bias 7) and three mantissa bits; no infinity, and all ones is NaN (OCP FP8, E4M3).
    private static float Float8(int code)
    {
        int exponent = (code >> 3) & 15;
        int mantissa = code & 7;
        float magnitude = (exponent, mantissa) switch
        {
            (15, 7) => float.NaN,
            (0, _) => MathF.ScaleB(mantissa, -9),
            _ => MathF.ScaleB(8 + mantissa, exponent - 10),
        };
        return code < 128 ? magnitude : -magnitude;
    }
}
