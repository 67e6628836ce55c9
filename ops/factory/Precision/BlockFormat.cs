using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>How MatMulNBits is given the weights of a matrix.</summary>
/// <param name="Bits">4 or 8, of a weight.</param>
/// <param name="Length">How many neighbours of a row share a scale.</param>
internal readonly record struct BlockFormat(int Bits, int Length)
{
    /// <summary>What 4-bit files hold, and what their blocks are taken over in.</summary>
    public static BlockFormat FourBits { get; } = new(4, 32);

    /// <summary>
    /// With a quarter of the scales a product of one row takes two thirds of the time that <see cref="FourBits"/> takes, one of eight
    /// 0.7 (Zen 4, AVX512-VNNI). It rounds the last of an odd number of rows otherwise than all others, see <see cref="NeedsPairs"/>.
    /// </summary>
    public static BlockFormat WideFourBits { get; } = new(4, 128);

    /// <summary>Nearly exact, and wide enough to be faster than <see cref="EightBits"/>; wider ones need pairs.</summary>
    public static BlockFormat WideEightBits { get; } = new(8, 64);

    /// <summary>As Q8_0 files hold them.</summary>
    public static BlockFormat EightBits { get; } = new(8, 32);

    /// <summary>
    /// True where the kernel takes two rows at a time and adds otherwise where one is left over: a row gets the same bits in any company
    /// only while the number of rows is even. Found by comparing bits: ONNX Runtime 1.29, AVX512-VNNI, 1 to 24 rows.
    /// </summary>
    public bool NeedsPairs => Length > (Bits == 4 ? 32 : 64);

    /// <summary>The code that means 0.</summary>
    public byte Zero => (byte)(1 << (Bits - 1));

    /// <summary>True where a matrix is stored in these blocks, so that nothing is to be rounded.</summary>
    public bool IsThatOf(IWeightMatrix matrix) => Bits == 4 && matrix is IBlockMatrix stored && stored.BlockSize == Length;
}
