namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>Weights that are stored as 4-bit codes in blocks, which a 4-bit precision can take over without rounding again.</summary>
internal interface IBlockMatrix : IWeightMatrix
{
    /// <summary>How many neighbours of a row share a scale and a minimum; <see cref="IWeightMatrix.Columns"/> is a multiple of it.</summary>
    int BlockSize { get; }

    /// <summary>Reads one row, w = scale * code + minimum.</summary>
    /// <param name="codes">[columns], each 0 to 15.</param>
    /// <param name="scales">[columns / block size]; may be negative.</param>
    /// <param name="minimums">[columns / block size]; may be positive.</param>
    void ReadBlocks(int row, Span<byte> codes, Span<float> scales, Span<float> minimums);
}
