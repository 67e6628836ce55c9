using System.Buffers.Binary;
using System.Diagnostics;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>
/// Dequantises the block formats of ggml, 32 numbers at a time. The layouts are those of its <c>ggml-common.h</c>; a block of 256
/// numbers (the K formats) is eight groups of 32 whose codes lie interleaved.
/// </summary>
internal static class BlockDecoder
{
    /// <summary>Numbers that are decoded together; every block holds a whole number of such groups.</summary>
    public const int GroupLength = 32;

    // Byte offsets inside a block of Q4_K and Q5_K: two halves for the block, twelve bytes of 6-bit scales and minimums, codes.
    private const int ScaleBytes = 4;
    private const int Q4KCodes = 16;
    private const int Q5KHighBits = 16;
    private const int Q5KCodes = 48;

    // Of Q6_K: low four bits, high two bits, sixteen scales, the block's half.
    private const int Q6KHighBits = 128;
    private const int Q6KScales = 192;
    private const int Q6KScale = 208;

    /// <param name="block">All bytes of the block.</param>
    /// <param name="group">Which 32 numbers of the block.</param>
    public static void Decode(GgufElement element, ReadOnlySpan<byte> block, int group, Span<float> target)
    {
        switch (element)
        {
            case GgufElement.Q8_0:
                Decode8(block, target);
                break;
            case GgufElement.Q5_0:
                Decode5(block, target, HalfAt(block, 0), -16 * HalfAt(block, 0), highBits: 2);
                break;
            case GgufElement.Q5_1:
                Decode5(block, target, HalfAt(block, 0), HalfAt(block, 2), highBits: 4);
                break;
            case GgufElement.Q5_K:
                Decode5K(block, group, target);
                break;
            case GgufElement.Q6_K:
                Decode6K(block, group, target);
                break;
            default:
                Span<byte> codes = stackalloc byte[GroupLength];
                (float scale, float minimum) = Codes4(element, block, group, codes);
                for (int i = 0; i < GroupLength; i++)
                {
                    target[i] = (scale * codes[i]) + minimum;
                }

                break;
        }
    }

    /// <summary>The codes of 32 numbers in a 4-bit format, with what makes numbers of them: scale * code + minimum.</summary>
    public static (float Scale, float Minimum) Codes4(GgufElement element, ReadOnlySpan<byte> block, int group, Span<byte> codes)
    {
        float scale = HalfAt(block, 0);
        switch (element)
        {
            case GgufElement.Q4_0:
                Nibbles(block[2..], codes);
                return (scale, -8 * scale);
            case GgufElement.Q4_1:
                Nibbles(block[4..], codes);
                return (scale, HalfAt(block, 2));
            case GgufElement.Q4_K:
                NibblesOfPair(block[Q4KCodes..], group, codes);
                return ScaleAndMinimum(block, group);
            default:
                throw new UnreachableException();
        }
    }

    private static void Decode8(ReadOnlySpan<byte> block, Span<float> target)
    {
        float scale = HalfAt(block, 0);
        for (int i = 0; i < GroupLength; i++)
        {
            target[i] = scale * (sbyte)block[2 + i];
        }
    }

    private static void Decode5(ReadOnlySpan<byte> block, Span<float> target, float scale, float minimum, int highBits)
    {
        Span<byte> codes = stackalloc byte[GroupLength];
        Nibbles(block[(highBits + 4)..], codes);
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(block[highBits..]);
        for (int i = 0; i < GroupLength; i++)
        {
            target[i] = (scale * (codes[i] | (int)(((high >> i) & 1) << 4))) + minimum;
        }
    }

    private static void Decode5K(ReadOnlySpan<byte> block, int group, Span<float> target)
    {
        Span<byte> codes = stackalloc byte[GroupLength];
        NibblesOfPair(block[Q5KCodes..], group, codes);
        (float scale, float minimum) = ScaleAndMinimum(block, group);
        for (int i = 0; i < GroupLength; i++)
        {
            int high = (block[Q5KHighBits + i] >> group) & 1;
            target[i] = (scale * (codes[i] | (high << 4))) + minimum;
        }
    }

    // Half a block of Q6_K, 128 numbers: the low bits of groups 0 and 2 share bytes, those of 1 and 3 too; all four share high bits.
    private static void Decode6K(ReadOnlySpan<byte> block, int group, Span<float> target)
    {
        (int half, int quarter) = Math.DivRem(group, 4);
        ReadOnlySpan<byte> low = block[((half * 64) + ((quarter & 1) * 32))..];
        ReadOnlySpan<byte> high = block[(Q6KHighBits + (half * 32))..];
        ReadOnlySpan<byte> scales = block[(Q6KScales + (half * 8) + (quarter * 2))..];
        float scale = HalfAt(block, Q6KScale);
        for (int i = 0; i < GroupLength; i++)
        {
            int code = ((low[i] >> (quarter / 2 * 4)) & 15) | (((high[i] >> (quarter * 2)) & 3) << 4);
            target[i] = scale * (sbyte)scales[i / 16] * (code - 32);
        }
    }

    // Eight scales and eight minimums of six bits each: the first four of both lie in the low bits of bytes 0-3 and 4-7, the others
    // have their low four bits in bytes 8-11 and their high two bits on top of bytes 0-7.
    private static (float Scale, float Minimum) ScaleAndMinimum(ReadOnlySpan<byte> block, int group)
    {
        ReadOnlySpan<byte> packed = block[ScaleBytes..];
        int scale = group < 4 ? packed[group] & 63 : (packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4);
        int minimum = group < 4 ? packed[group + 4] & 63 : (packed[group + 4] >> 4) | (packed[group] >> 6 << 4);
        return (HalfAt(block, 0) * scale, -(HalfAt(block, 2) * minimum));
    }

    // The first half of the numbers lies in the low nibbles, the second in the high ones.
    private static void Nibbles(ReadOnlySpan<byte> packed, Span<byte> codes)
    {
        for (int i = 0; i < GroupLength / 2; i++)
        {
            codes[i] = (byte)(packed[i] & 15);
            codes[i + (GroupLength / 2)] = (byte)(packed[i] >> 4);
        }
    }

    // Two groups share 32 bytes: the first has the low nibbles.
    private static void NibblesOfPair(ReadOnlySpan<byte> packed, int group, Span<byte> codes)
    {
        ReadOnlySpan<byte> pair = packed[(group / 2 * GroupLength)..];
        for (int i = 0; i < GroupLength; i++)
        {
            codes[i] = (byte)((pair[i] >> ((group & 1) * 4)) & 15);
        }
    }

    private static float HalfAt(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);
}
