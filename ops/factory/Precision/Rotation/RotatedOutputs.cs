using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision.Rotation;

/// <summary>
/// R^T W: a matrix that gives its output times R. Every row depends on every other, so the matrix is held in memory as float32 from the
/// first read until its last row has been read to the end.
/// </summary>
/// <param name="rotation">Applied to each group of its size among the rows.</param>
internal sealed class RotatedOutputs(IWeightMatrix matrix, OrthogonalMatrix rotation) : IWeightMatrix
{
    private float[]? _values;

    public int Rows => matrix.Rows;

    public int Columns => matrix.Columns;

    public void Read(int row, int column, Span<float> target)
    {
        _values ??= Rotate();
        _values.AsSpan(checked((row * Columns) + column), target.Length).CopyTo(target);
        if (row == Rows - 1 && column + target.Length == Columns)
        {
            _values = null;
        }
    }

    private float[] Rotate()
    {
        float[] values = GC.AllocateUninitializedArray<float>(checked(Rows * Columns));
        for (int row = 0; row < Rows; row++)
        {
            matrix.Read(row, 0, values.AsSpan(row * Columns, Columns));
        }

        int group = rotation.Size * Columns;
        for (int start = 0; start < values.Length; start += group)
        {
            rotation.Apply(values.AsSpan(start, group), Columns);
        }

        return values;
    }
}
