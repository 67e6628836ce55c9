using DeepSeekOrleans.ModelFactory.Precision.Rotation;

namespace DeepSeekOrleans.ModelFactory.Tests.Precision;

public sealed class OrthogonalMatrixTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(576)]
    public void Apply_ToEachUnitVector_GivesAnOrthonormalBasis(int size)
    {
        float[][] rows = [.. Enumerable.Range(0, size).Select(i => Row(size, i))];

        for (int i = 0; i < size; i++)
        {
            for (int j = i; j < size; j++)
            {
                double product = rows[i].Zip(rows[j]).Sum(pair => (double)pair.First * pair.Second);
                Assert.Equal(i == j ? 1 : 0, product, 1e-5);
            }
        }
    }

    [Fact]
    public void Apply_ToAnOutlier_SpreadsItEvenly() => Assert.All(Row(576, 17), value => Assert.InRange(Math.Abs(value), 0, 1.5f / MathF.Sqrt(576)));

    [Fact]
    public void Apply_ToSeveralVectors_DoesToEachWhatItDoesAlone()
    {
        OrthogonalMatrix matrix = new(24);
        float[] together = new float[24 * 3];
        for (int vector = 0; vector < 3; vector++)
        {
            together[(5 * vector * 3) + vector] = 1;
        }

        matrix.Apply(together, width: 3);

        for (int vector = 0; vector < 3; vector++)
        {
            float[] alone = Row(24, 5 * vector);
            for (int i = 0; i < 24; i++)
            {
                Assert.Equal(alone[i], together[(i * 3) + vector], 1e-6);
            }
        }
    }

    [Fact]
    public void Rows_OfAMatrix_AreWhatBecomesOfTheUnitVectors() =>
        Assert.Equal(Enumerable.Range(0, 24).SelectMany(index => Row(24, index)), new OrthogonalMatrix(24).Rows());

    private static float[] Row(int size, int index)
    {
        float[] vector = new float[size];
        vector[index] = 1;
        new OrthogonalMatrix(size).Apply(vector, width: 1);
        return vector;
    }
}
