namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>
/// Widens attention heads with zeros to a size that the kernel takes. The rotation pairs number i with number i + half, so each half
/// is widened by itself; zeros change neither the products of queries and keys nor the sums of values.
/// </summary>
internal sealed class HeadPadding(int size)
{
    // GroupQueryAttention rotates 16 numbers at a time and refuses other sizes.
    private const int Multiple = 16;

    /// <summary>Numbers per head in the graph.</summary>
    public int PaddedSize { get; } = (size + Multiple - 1) / Multiple * Multiple;

    public bool IsNeeded => PaddedSize != size;

    /// <summary>The matrix with widened heads along its rows: the projections to queries, keys and values.</summary>
    public IWeightMatrix PadRows(IWeightMatrix matrix) => IsNeeded ? new PaddedRows(this, matrix, matrix.Rows / size * PaddedSize) : matrix;

    /// <summary>The matrix with widened heads along its columns: the projection back, and biases.</summary>
    public IWeightMatrix PadColumns(IWeightMatrix matrix) => IsNeeded ? new PaddedColumns(this, matrix, matrix.Columns / size * PaddedSize) : matrix;

    // Where a number of the widened heads comes from; -1 for the zeros.
    private int Source(int padded)
    {
        (int head, int within) = Math.DivRem(padded, PaddedSize);
        (int half, int index) = Math.DivRem(within, PaddedSize / 2);
        return index < size / 2 ? (head * size) + (half * (size / 2)) + index : -1;
    }

    private sealed class PaddedRows(HeadPadding padding, IWeightMatrix matrix, int rows) : IWeightMatrix
    {
        public int Rows => rows;

        public int Columns => matrix.Columns;

        public void Read(int row, int column, Span<float> target)
        {
            int source = padding.Source(row);
            if (source < 0)
            {
                target.Clear();
                return;
            }

            matrix.Read(source, column, target);
        }
    }

    private sealed class PaddedColumns(HeadPadding padding, IWeightMatrix matrix, int columns) : IWeightMatrix
    {
        public int Rows => matrix.Rows;

        public int Columns => columns;

        public void Read(int row, int column, Span<float> target)
        {
            target.Clear();
            for (int i = 0; i < target.Length; i++)
            {
                int source = padding.Source(column + i);
                if (source >= 0)
                {
                    matrix.Read(row, source, target.Slice(i, 1));
                }
            }
        }
    }
}
