namespace DeepSeekOrleans.ModelFactory.RandomModels;

/// <summary>One tensor of a model by its Hugging Face name.</summary>
/// <param name="Dimensions">[out, in] of a matrix, or the length of a vector.</param>
public sealed record TensorShape(string Name, IReadOnlyList<int> Dimensions, TensorRole Role)
{
    public long Length => Dimensions.Aggregate(1L, (product, dimension) => product * dimension);
}

public enum TensorRole
{
    Matrix,
    Bias,

    /// <summary>The weight of a normalisation, which is 1 before training.</summary>
    Norm,
}
