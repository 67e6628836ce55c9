namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>Weights that are read in pieces as float32. A vector counts as a matrix of one row.</summary>
internal interface IWeightMatrix
{
    int Rows { get; }

    int Columns { get; }

    /// <summary>Reads <c>target.Length</c> numbers of one row, beginning at <paramref name="column"/>.</summary>
    void Read(int row, int column, Span<float> target);
}

/// <summary>A tensor as it lies in a weight file.</summary>
internal sealed class StoredMatrix(MappedFile file, TensorPlace place) : IWeightMatrix
{
    private readonly WeightElement _element = place.Element!.Value;

    public int Rows { get; } = checked((int)(place.Shape.Length == 2 ? place.Shape[0] : 1));

    public int Columns { get; } = checked((int)place.Shape[^1]);

    public void Read(int row, int column, Span<float> target)
    {
        int size = _element.Size();
        long offset = place.Offset + ((((long)row * Columns) + column) * size);
        _element.ToSingle(file.Bytes(offset, target.Length * size), target);
    }
}
