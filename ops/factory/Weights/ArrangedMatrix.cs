namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>Rows of another matrix in any order, with rows of zeros between them and columns of zeros around them.</summary>
/// <param name="rows">For each row the one of <paramref name="matrix"/> that it shows, or <see cref="Zeros"/>.</param>
/// <param name="firstColumn">Where the first column of <paramref name="matrix"/> lies.</param>
internal sealed class ArrangedMatrix(IWeightMatrix matrix, int[] rows, int columns, int firstColumn) : IWeightMatrix
{
    public const int Zeros = -1;

    public int Rows => rows.Length;

    public int Columns => columns;

    public void Read(int row, int column, Span<float> target)
    {
        target.Clear();
        int first = Math.Max(column, firstColumn);
        int end = Math.Min(column + target.Length, firstColumn + matrix.Columns);
        if (rows[row] != Zeros && first < end)
        {
            matrix.Read(rows[row], first - firstColumn, target[(first - column)..(end - column)]);
        }
    }
}
