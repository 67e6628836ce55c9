using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>
/// Undoes what the Llama architecture has done to queries and keys in GGUF: its kernel rotates neighbours, number 2i with 2i + 1,
/// so each head's outputs are stored in that order; ours rotates number i with i + half, as Hugging Face stores them.
/// </summary>
internal static class HalfSplitOrder
{
    /// <summary>The matrix with its rows, the outputs of heads, in half-split order.</summary>
    public static IWeightMatrix OfRows(IWeightMatrix matrix, int headSize) => matrix is IBlockMatrix blocks
        ? new BlockRows(blocks, headSize)
        : new PlainRows(matrix, headSize);

    /// <summary>The bias with its numbers in half-split order.</summary>
    public static IWeightMatrix OfColumns(IWeightMatrix vector, int headSize) => new PlainColumns(vector, headSize);

    // Where number `index` of the half-split order lies in the file.
    private static int Stored(int index, int headSize)
    {
        (int head, int within) = Math.DivRem(index, headSize);
        (int half, int pair) = Math.DivRem(within, headSize / 2);
        return (head * headSize) + (2 * pair) + half;
    }

    private class PlainRows(IWeightMatrix matrix, int headSize) : IWeightMatrix
    {
        public int Rows => matrix.Rows;

        public int Columns => matrix.Columns;

        public void Read(int row, int column, Span<float> target) => matrix.Read(Stored(row, headSize), column, target);
    }

    private sealed class BlockRows(IBlockMatrix matrix, int headSize) : PlainRows(matrix, headSize), IBlockMatrix
    {
        private readonly int _headSize = headSize;

        public int BlockSize => matrix.BlockSize;

        public void ReadBlocks(int row, Span<byte> codes, Span<float> scales, Span<float> minimums) =>
            matrix.ReadBlocks(Stored(row, _headSize), codes, scales, minimums);
    }

    private sealed class PlainColumns(IWeightMatrix vector, int headSize) : IWeightMatrix
    {
        public int Rows => vector.Rows;

        public int Columns => vector.Columns;

        public void Read(int row, int column, Span<float> target)
        {
            for (int i = 0; i < target.Length; i++)
            {
                vector.Read(row, Stored(column + i, headSize), target.Slice(i, 1));
            }
        }
    }
}
