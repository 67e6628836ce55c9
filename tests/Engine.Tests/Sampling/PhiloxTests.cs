using DeepSeekOrleans.Engine.Sampling;

namespace DeepSeekOrleans.Engine.Tests.Sampling;

public sealed class PhiloxTests
{
    /// <summary>The known answers published with the authors' own implementation.</summary>
    [Fact]
    public void Block_KnownInputs_GivesTheAuthorsAnswers()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox.Block(0, 0, 0, 0, 0, 0));
        Assert.Equal(
            (0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
            Philox.Block(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            Philox.Block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0));
    }

    [Fact]
    public void Uniform_ManyPositions_IsUniform()
    {
        const int Draws = 100_000;
        int[] bins = new int[64];
        for (ulong position = 0; position < Draws; position++)
        {
            bins[(int)(Philox.Uniform(42, position) * bins.Length)]++;
        }

        double expected = (double)Draws / bins.Length;
        double chiSquare = bins.Sum(count => Math.Pow(count - expected, 2) / expected);

        // 63 degrees of freedom: 103.4 is exceeded once in a thousand.
        Assert.InRange(chiSquare, 0, 103.4);
    }
}
