using System.Numerics.Tensors;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision.Rotation;

/// <summary>W diag(scale) R, computed row by row: a matrix that expects its input times R.</summary>
/// <param name="scale">For each column; null for ones.</param>
/// <param name="rotation">Applied to each piece of its size along a row.</param>
internal sealed class RotatedInputs(IWeightMatrix matrix, float[]? scale, OrthogonalMatrix rotation) : IWeightMatrix
{
    private readonly float[] _row = new float[matrix.Columns];
    private int _held = -1;

    public int Rows => matrix.Rows;

    public int Columns => matrix.Columns;

    public void Read(int row, int column, Span<float> target)
    {
        if (_held != row)
        {
            Fill(row);
            _held = row;
        }

        _row.AsSpan(column, target.Length).CopyTo(target);
    }

    private void Fill(int row)
    {
        matrix.Read(row, 0, _row);
        if (scale is not null)
        {
            TensorPrimitives.Multiply<float>(_row, scale, _row);
        }

        for (int start = 0; start < _row.Length; start += rotation.Size)
        {
            rotation.Apply(_row.AsSpan(start, rotation.Size), width: 1);
        }
    }
}
