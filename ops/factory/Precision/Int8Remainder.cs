using System.Numerics.Tensors;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>What <see cref="Int8Matrix"/> leaves of a matrix: w - scale * q. Rounded to 8 bits in its turn, it brings both to about 15 bits.</summary>
internal sealed class Int8Remainder(IWeightMatrix matrix) : IWeightMatrix
{
    private readonly float[] _row = new float[matrix.Columns];
    private readonly float[] _rounded = new float[matrix.Columns];

    public int Rows => matrix.Rows;

    public int Columns => matrix.Columns;

    public void Read(int row, int column, Span<float> target)
    {
        matrix.Read(row, 0, _row);
        float scale = Int8Matrix.ScaleOf(_row);
        Int8Matrix.Round(_row, _rounded);
        TensorPrimitives.Multiply<float>(_rounded, -scale, _rounded);
        TensorPrimitives.Add(_row.AsSpan(column, target.Length), _rounded.AsSpan(column, target.Length), target);
    }
}
