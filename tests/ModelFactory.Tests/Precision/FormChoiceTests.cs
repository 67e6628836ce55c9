using System.Buffers.Binary;
using DeepSeekOrleans.ModelFactory.Precision.Probe;
using DeepSeekOrleans.ModelFactory.Tests.Gguf;

namespace DeepSeekOrleans.ModelFactory.Tests.Precision;

/// <summary>Which form <c>--precision auto</c> takes, with times that the test invents.</summary>
public sealed class FormChoiceTests : IDisposable
{
    private const int BlockBytes = 18;
    private const uint FourBitBlocks = 2;

    private readonly TinyModel _model = new();
    private readonly TinyGguf _blocks;

    public FormChoiceTests()
    {
        _blocks = TinyGguf.From(_model, (_, tensor) => tensor.Bytes);
        byte[] blocks = new byte[TinyModel.Intermediate * BlockBytes];
        for (int row = 0; row < TinyModel.Intermediate; row++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(blocks.AsSpan(row * BlockBytes), (Half)0.1);
        }

        _blocks.Change("blk.0.ffn_up.weight", tensor => tensor with { Type = FourBitBlocks, Bytes = blocks });
        _blocks.Write();
    }

    [Theory]
    [InlineData(1.0, 8.0, 1.3, 5.0, 1)] // 2.83 and 2.55 on average
    [InlineData(1.0, 8.0, 2.0, 5.0, 0)] // 2.83 and 3.16
    [InlineData(1.0, 4.0, 1.0, 3.9, 0)] // as fast: the first
    [InlineData(1.0, 3.9, 1.0, 4.0, 0)]
    public void Fastest_TwoForms_IsTheOneOfTheLeastMeanOrTheFirst(double first1, double first8, double second1, double second8, int expected) =>
        Assert.Equal(expected, FormProbe.Fastest([[first1, first8], [second1, second8]]));

    [Theory]
    [InlineData(1.0, 2.0, ModelPrecision.Int4)]
    [InlineData(2.0, 1.0, ModelPrecision.Int8)]
    public void Make_BlocksOfFourBits_TakesTheFasterForm(double int4, double int8, ModelPrecision expected)
    {
        IReadOnlyList<string> measured = [];

        FormChoice choice = Choose(_blocks.FilePath, (graphs, rows, _) =>
        {
            measured = [.. graphs.Where(File.Exists).Select(graph => Path.GetFileName(Path.GetDirectoryName(graph)!))];
            return [[.. rows.Select(_ => int4)], [.. rows.Select(_ => int8)]];
        });

        Assert.Equal(["int4", "int8"], measured);
        Assert.Equal(expected, choice.Precision);
        Assert.Equal(
            FormattableString.Invariant(
                $"a layer takes {int4:F3} ms with 1 and {int4:F3} ms with 8 rows in int4; {int8:F3} ms with 1 and {int8:F3} ms with 8 rows in int8"),
            choice.Reason);
    }

    [Fact]
    public void Make_ASecondTime_KeepsTheFormWhateverIsMeasuredThen()
    {
        FormChoice first = Choose(_blocks.FilePath, (_, _, _) => [[2, 2], [1, 1]]);

        FormChoice second = Choose(_blocks.FilePath, (_, _, _) => throw new InvalidOperationException("measured again"));

        Assert.Equal(first, second);
        Assert.Equal(ModelPrecision.Int8, second.Precision);
        Assert.Empty(Directory.GetDirectories(_blocks.Cache));
    }

    [Fact]
    public void Make_WhileAnotherProcessChooses_TakesWhatThatHasFound()
    {
        FormChoice? others = null;

        FormChoice ours = Choose(_blocks.FilePath, (_, _, _) =>
        {
            others = Choose(_blocks.FilePath, (_, _, _) => [[2, 2], [1, 1]]);
            return [[1, 1], [2, 2]];
        });

        Assert.Equal(others, ours);
        Assert.Equal(ModelPrecision.Int8, ours.Precision);
    }

    [Fact]
    public void Make_WeightsThatAreNotInBlocks_TakesInt8WithoutMeasuring()
    {
        _model.Write();

        FormChoice choice = Choose(_model.Source, (_, _, _) => throw new InvalidOperationException("measured"));

        Assert.Equal(ModelPrecision.Int8, choice.Precision);
        Assert.Contains("4 bits would lose much", choice.Reason, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _model.Dispose();
        _blocks.Dispose();
    }

    private FormChoice Choose(string source, StepMeasurement measure) => FormChoice.Make(source, _blocks.Cache, measure, CancellationToken.None);
}
