using DeepSeekOrleans.ModelFactory.Gguf;

namespace DeepSeekOrleans.ModelFactory.Tests.Gguf;

/// <summary>
/// Blocks whose bytes were laid out by hand from the description of each format. Halves: 0x3800 is 0.5, 0x3C00 is 1, 0xC000 is -2.
/// </summary>
public sealed class BlockDecoderTests
{
    private static readonly byte[] Half = [0x00, 0x38];
    private static readonly byte[] One = [0x00, 0x3C];
    private static readonly byte[] MinusTwo = [0x00, 0xC0];

    // Byte i holds code i in its low and 15 - i in its high half.
    private static readonly byte[] Ramp = [.. Enumerable.Range(0, 16).Select(i => (byte)(i | ((15 - i) << 4)))];

    [Fact]
    public void Decode_Q4_0_SubtractsEight()
    {
        float[] numbers = Decode(GgufElement.Q4_0, [.. Half, .. Ramp]);

        Assert.Equal(Expected(i => 0.5f * ((i < 16 ? i : 31 - i) - 8)), numbers);
    }

    [Fact]
    public void Decode_Q4_1_AddsTheMinimum()
    {
        float[] numbers = Decode(GgufElement.Q4_1, [.. Half, .. MinusTwo, .. Ramp]);

        Assert.Equal(Expected(i => (0.5f * (i < 16 ? i : 31 - i)) - 2), numbers);
    }

    [Fact]
    public void Decode_Q5_0_TakesTheFifthBitFromItsPlace()
    {
        // Bits 0, 5, 16 and 31 are set.
        float[] numbers = Decode(GgufElement.Q5_0, [.. Half, 0x21, 0x00, 0x01, 0x80, .. Ramp]);

        Assert.Equal(Expected(i => 0.5f * ((i < 16 ? i : 31 - i) + (i is 0 or 5 or 16 or 31 ? 16 : 0) - 16)), numbers);
    }

    [Fact]
    public void Decode_Q5_1_AddsTheMinimum()
    {
        float[] numbers = Decode(GgufElement.Q5_1, [.. One, .. MinusTwo, 0x21, 0x00, 0x01, 0x80, .. Ramp]);

        Assert.Equal(Expected(i => (i < 16 ? i : 31 - i) + (i is 0 or 5 or 16 or 31 ? 16 : 0) - 2), numbers);
    }

    [Fact]
    public void Decode_Q8_0_IsSigned()
    {
        float[] numbers = Decode(GgufElement.Q8_0, [.. Half, .. Enumerable.Range(0, 32).Select(i => (byte)(sbyte)((i * 8) - 128))]);

        Assert.Equal(Expected(i => 0.5f * ((i * 8) - 128)), numbers);
    }

    [Fact]
    public void Decode_Q4_K_UnpacksScalesAndMinimumsOfSixBits()
    {
        // Scales 1, 2, 3, 63, 5, 22, 39, 56 and minimums 4, 3, 2, 1, 0, 63, 32, 17.
        byte[] packed =
        [
            1, 2 | (1 << 6), 3 | (2 << 6), 63 | (3 << 6),
            4, 3 | (3 << 6), 2 | (2 << 6), 1 | (1 << 6),
            5 | (0 << 4), 6 | (15 << 4), 7 | (0 << 4), 8 | (1 << 4),
        ];
        int[] scales = [1, 2, 3, 63, 5, 22, 39, 56];
        int[] minimums = [4, 3, 2, 1, 0, 63, 32, 17];
        byte[] codes = [.. Enumerable.Range(0, 128).Select(i => (byte)(i * 37))];

        float[] numbers = Decode(GgufElement.Q4_K, [.. Half, .. One, .. packed, .. codes]);

        Assert.Equal(
            Enumerable.Range(0, 256).Select(i =>
            {
                int group = i / 32;
                int code = (codes[(group / 2 * 32) + (i % 32)] >> (group % 2 * 4)) & 15;
                return (0.5f * scales[group] * code) - minimums[group];
            }),
            numbers);
    }

    [Fact]
    public void Decode_Q5_K_TakesTheFifthBitOfGroupNFromBitN()
    {
        // Every scale 1, every minimum 2.
        byte[] packed = [1, 1, 1, 1, 2, 2, 2, 2, 0x21, 0x21, 0x21, 0x21];
        byte[] high = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 73))];
        byte[] codes = [.. Enumerable.Range(0, 128).Select(i => (byte)(i * 37))];

        float[] numbers = Decode(GgufElement.Q5_K, [.. One, .. Half, .. packed, .. high, .. codes]);

        Assert.Equal(
            Enumerable.Range(0, 256).Select(i =>
            {
                int group = i / 32;
                int low = (codes[(group / 2 * 32) + (i % 32)] >> (group % 2 * 4)) & 15;
                return (float)(low + (16 * ((high[i % 32] >> group) & 1)) - 1);
            }),
            numbers);
    }

    [Fact]
    public void Decode_Q6_K_JoinsFourAndTwoBits()
    {
        // The code of number i is i * 29 mod 64; its scale, one for each sixteen, runs from -8 to 7.
        int[] values = [.. Enumerable.Range(0, 256).Select(i => i * 29 % 64)];
        byte[] low = new byte[128];
        byte[] high = new byte[64];
        for (int half = 0; half < 2; half++)
        {
            for (int i = 0; i < 32; i++)
            {
                int[] four = [.. Enumerable.Range(0, 4).Select(k => values[(half * 128) + (k * 32) + i])];
                low[(half * 64) + i] = (byte)((four[0] & 15) | ((four[2] & 15) << 4));
                low[(half * 64) + 32 + i] = (byte)((four[1] & 15) | ((four[3] & 15) << 4));
                high[(half * 32) + i] = (byte)((four[0] >> 4) | (four[1] >> 4 << 2) | (four[2] >> 4 << 4) | (four[3] >> 4 << 6));
            }
        }

        byte[] scales = [.. Enumerable.Range(0, 16).Select(i => (byte)(sbyte)(i - 8))];

        float[] numbers = Decode(GgufElement.Q6_K, [.. low, .. high, .. scales, .. Half]);

        Assert.Equal(Enumerable.Range(0, 256).Select(i => 0.5f * ((i / 16) - 8) * (values[i] - 32)), numbers);
    }

    private static float[] Decode(GgufElement element, byte[] block)
    {
        Assert.Equal(element.BlockBytes(), block.Length);
        float[] numbers = new float[element.BlockLength()];
        for (int group = 0; group < numbers.Length / BlockDecoder.GroupLength; group++)
        {
            BlockDecoder.Decode(element, block, group, numbers.AsSpan(group * BlockDecoder.GroupLength, BlockDecoder.GroupLength));
        }

        return numbers;
    }

    private static IEnumerable<float> Expected(Func<int, float> number) => Enumerable.Range(0, 32).Select(number);
}
