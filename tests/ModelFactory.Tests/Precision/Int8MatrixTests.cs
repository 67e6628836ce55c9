using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Tests.Precision;

public sealed class Int8MatrixTests
{
    private readonly RandomMatrix[] _parts = [new(70, 33, seed: 1), new(130, 33, seed: 2)];

    [Fact]
    public void WriteRows_OfTwoParts_IsWithinHalfAStepOfEachWeight()
    {
        Int8Matrix matrix = new(_parts);
        sbyte[] numbers = MemoryMarshal.Cast<byte, sbyte>(Written(matrix.WriteRows)).ToArray();
        float[] scales = MemoryMarshal.Cast<byte, float>(Written(matrix.WriteScales)).ToArray();

        Assert.Equal((200 * 33, 200), (numbers.Length, scales.Length));
        for (int row = 0; row < 200; row++)
        {
            float[] stored = row < 70 ? _parts[0].Row(row) : _parts[1].Row(row - 70);
            Assert.Equal(127, numbers.AsSpan(row * 33, 33).ToArray().Max(number => Math.Abs((int)number)));
            for (int column = 0; column < 33; column++)
            {
                Assert.Equal(stored[column], numbers[(row * 33) + column] * scales[row], scales[row] * 0.5001f);
            }
        }
    }

    [Fact]
    public void WriteTurned_OfTwoParts_HasTheRowsAsColumns()
    {
        Int8Matrix matrix = new(_parts);
        byte[] rows = Written(matrix.WriteRows);

        byte[] turned = Written(matrix.WriteTurned);

        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal(rows[i], turned[(i % 33 * 200) + (i / 33)]);
        }
    }

    [Fact]
    public void WriteScales_BeforeTheNumbers_AreTheSame()
    {
        Int8Matrix after = new(_parts);
        Written(after.WriteTurned);

        Assert.Equal(Written(after.WriteScales), Written(new Int8Matrix(_parts).WriteScales));
    }

    [Fact]
    public void WriteRows_OfZeros_AreZeros()
    {
        Int8Matrix matrix = new([new RandomMatrix(2, 8, seed: 1, factor: 0)]);

        Assert.All(Written(matrix.WriteRows), number => Assert.Equal(0, number));
        Assert.All(Written(matrix.WriteScales), number => Assert.Equal(0, number));
    }

    [Fact]
    public void Remainder_RoundedInItsTurn_LeavesA250thOfTheError()
    {
        RandomMatrix stored = _parts[0];
        float[] rounded = Restored(stored);
        float[] remainder = Restored(new Int8Remainder(stored));

        for (int row = 0; row < stored.Rows; row++)
        {
            float step = stored.Row(row).Max(Math.Abs) / 127;
            for (int column = 0; column < stored.Columns; column++)
            {
                int i = (row * stored.Columns) + column;
                Assert.Equal(stored.Row(row)[column], rounded[i] + remainder[i], step / 500);
            }
        }
    }

    private static float[] Restored(IWeightMatrix stored)
    {
        Int8Matrix matrix = new([stored]);
        sbyte[] numbers = MemoryMarshal.Cast<byte, sbyte>(Written(matrix.WriteRows)).ToArray();
        float[] scales = MemoryMarshal.Cast<byte, float>(Written(matrix.WriteScales)).ToArray();
        return [.. numbers.Select((number, i) => number * scales[i / stored.Columns])];
    }

    private static byte[] Written(Action<Stream> write)
    {
        using MemoryStream stream = new();
        write(stream);
        return stream.ToArray();
    }
}

/// <summary>Uniform numbers from -factor to factor.</summary>
internal sealed class RandomMatrix : IWeightMatrix
{
    private readonly float[] _values;

    public RandomMatrix(int rows, int columns, int seed, float factor = 1)
    {
        Random random = new(seed);
        Rows = rows;
        Columns = columns;
        _values = [.. Enumerable.Range(0, rows * columns).Select(_ => factor * ((2 * random.NextSingle()) - 1))];
    }

    public int Rows { get; }

    public int Columns { get; }

    public float[] Row(int row) => _values[(row * Columns)..((row + 1) * Columns)];

    public void Read(int row, int column, Span<float> target) => _values.AsSpan((row * Columns) + column, target.Length).CopyTo(target);
}
