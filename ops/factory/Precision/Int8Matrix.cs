using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>Matrices, one below the other, as whole numbers from -127 to 127 with one scale per row: w = scale * q, to the nearest.</summary>
internal sealed class Int8Matrix(IReadOnlyList<IWeightMatrix> parts)
{
    public const int Largest = 127;

    // Rows that are turned together: what they write for one column fills a cache line.
    private const int Tile = 64;

    private float[]? _scales;

    public int Rows { get; } = parts.Sum(part => part.Rows);

    public int Columns { get; } = parts[0].Columns;

    /// <summary>Writes the numbers as [rows, columns].</summary>
    public void WriteRows(Stream target)
    {
        sbyte[] numbers = new sbyte[Columns];
        ForEachRow((row, values) =>
        {
            Quantize(values, numbers);
            target.Write(MemoryMarshal.AsBytes<sbyte>(numbers));
        });
    }

    /// <summary>Writes the numbers as [columns, rows], what a product wants to its right. One byte per weight is in memory at a time.</summary>
    public void WriteTurned(Stream target)
    {
        sbyte[] turned = GC.AllocateUninitializedArray<sbyte>(checked(Rows * Columns));
        sbyte[] tile = new sbyte[Tile * Columns];
        ForEachRow((row, values) =>
        {
            int line = row % Tile;
            Quantize(values, tile.AsSpan(line * Columns, Columns));
            if (line == Tile - 1 || row == Rows - 1)
            {
                Turn(tile, turned, row - line, line + 1);
            }
        });
        target.Write(MemoryMarshal.AsBytes<sbyte>(turned));
    }

    public void WriteScales(Stream target)
    {
        if (_scales is null)
        {
            ForEachRow((_, _) => { });
        }

        target.Write(MemoryMarshal.AsBytes<float>(_scales));
    }

    /// <summary>The scale of a row.</summary>
    public static float ScaleOf(ReadOnlySpan<float> row) => Math.Abs(TensorPrimitives.MaxMagnitude(row)) / Largest;

    /// <summary>The whole numbers of a row, -127 to 127.</summary>
    public static void Round(ReadOnlySpan<float> row, Span<float> target)
    {
        float scale = ScaleOf(row);
        TensorPrimitives.Multiply(row, scale > 0 ? 1 / scale : 0, target);
        TensorPrimitives.Round(target, target);
    }

    // Each pass finds the scales anew, since the numbers and the scales may be written by different processes.
    private void ForEachRow(Action<int, float[]> use)
    {
        _scales ??= new float[Rows];
        float[] values = new float[Columns];
        int row = 0;
        foreach (IWeightMatrix part in parts)
        {
            for (int r = 0; r < part.Rows; r++, row++)
            {
                part.Read(r, 0, values);
                _scales[row] = ScaleOf(values);
                use(row, values);
            }
        }
    }

    private static void Quantize(float[] values, Span<sbyte> numbers)
    {
        Round(values, values);
        TensorPrimitives.ConvertSaturating<float, sbyte>(values, numbers);
    }

    private void Turn(sbyte[] tile, sbyte[] turned, int firstRow, int count)
    {
        for (int column = 0; column < Columns; column++)
        {
            Span<sbyte> line = turned.AsSpan((column * Rows) + firstRow, count);
            for (int i = 0; i < count; i++)
            {
                line[i] = tile[(i * Columns) + column];
            }
        }
    }
}
