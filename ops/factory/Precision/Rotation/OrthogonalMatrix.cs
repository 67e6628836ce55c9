using System.Numerics;
using System.Numerics.Tensors;

namespace DeepSeekOrleans.ModelFactory.Precision.Rotation;

/// <summary>
/// An orthogonal matrix whose entries are all about equally large, so that x R spreads an outlier of x over every number. It is
/// diag(signs) times the Kronecker product of a Hartley matrix for the odd part of the size with a Hadamard matrix for the power of
/// two in it; always the same for the same size. (The idea of rotating a model's residual stream: QuaRot, arXiv:2404.00456.)
/// </summary>
internal sealed class OrthogonalMatrix
{
    private readonly int _power;
    private readonly int _odd;
    private readonly float[] _hartley;
    private readonly float[] _signs;

    public OrthogonalMatrix(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        Size = size;
        _power = 1 << BitOperations.TrailingZeroCount(size);
        _odd = size / _power;
        _hartley = Hartley(_odd, 1 / Math.Sqrt(size));
        Random signs = new(size);
        _signs = [.. Enumerable.Range(0, size).Select(_ => signs.Next(2) == 1 ? -1f : 1f)];
    }

    public int Size { get; }

    /// <summary>Replaces x by x R for each of <paramref name="width"/> vectors.</summary>
    /// <param name="vectors">[size, width]: entry i of every vector lies in row i.</param>
    public void Apply(Span<float> vectors, int width)
    {
        for (int i = 0; i < Size; i++)
        {
            Span<float> row = vectors.Slice(i * width, width);
            TensorPrimitives.Multiply(row, _signs[i], row);
        }

        int group = _power * width;
        for (int i = 0; i < _odd; i++)
        {
            Hadamard(vectors.Slice(i * group, group), width);
        }

        Combine(vectors, group);
    }

    /// <returns>R, row by row, [size, size].</returns>
    public float[] Rows()
    {
        float[] rows = new float[Size * Size];
        for (int i = 0; i < Size; i++)
        {
            rows[(i * Size) + i] = 1;
            Apply(rows.AsSpan(i * Size, Size), width: 1);
        }

        return rows;
    }

    // The fast Walsh-Hadamard transform, unscaled.
    private static void Hadamard(Span<float> vectors, int width)
    {
        float[] difference = new float[vectors.Length / 2];
        for (int half = width; half < vectors.Length; half *= 2)
        {
            for (int start = 0; start < vectors.Length; start += 2 * half)
            {
                Span<float> low = vectors.Slice(start, half);
                Span<float> high = vectors.Slice(start + half, half);
                TensorPrimitives.Subtract(low, high, difference);
                TensorPrimitives.Add(low, high, low);
                difference.AsSpan(0, half).CopyTo(high);
            }
        }
    }

    // The odd part, and the scale of both.
    private void Combine(Span<float> vectors, int group)
    {
        float[] copy = vectors.ToArray();
        vectors.Clear();
        for (int target = 0; target < _odd; target++)
        {
            Span<float> sum = vectors.Slice(target * group, group);
            for (int source = 0; source < _odd; source++)
            {
                TensorPrimitives.MultiplyAdd(copy.AsSpan(source * group, group), _hartley[(target * _odd) + source], sum, sum);
            }
        }
    }

    // cos + sin of 2 pi i j / n: symmetric, and orthogonal once it is divided by the root of n.
    private static float[] Hartley(int n, double scale)
    {
        float[] matrix = new float[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double angle = 2 * Math.PI * ((long)i * j % n) / n;
                matrix[(i * n) + j] = (float)((Math.Cos(angle) + Math.Sin(angle)) * scale);
            }
        }

        return matrix;
    }
}
