using DeepSeekOrleans.ModelFactory.Fitting;

namespace DeepSeekOrleans.ModelFactory.Tests.Fitting;

public sealed class ModelFootprintTests : IDisposable
{
    private readonly TinyModel _model = new();

    [Fact]
    public void Read_BeforeTheConversion_TellsWhatTheConvertedFilesNeed()
    {
        string source = _model.Write().Source;

        ModelFootprint before = ModelFootprint.Read(source);

        ModelFootprint after = ModelFootprint.Read(_model.Prepare().Directory);
        Assert.Equal((before.KvBytesPerPosition, before.ContextLength), (after.KvBytesPerPosition, after.ContextLength));
        Assert.True(before.KvBytesPerPosition > 0);

        // the graph itself and the alignment of the weights are all that is added
        Assert.InRange(after.WeightBytes - before.WeightBytes, 0, 256 * 1024);
    }

    public void Dispose() => _model.Dispose();
}
