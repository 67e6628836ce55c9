namespace DeepSeekOrleans.ModelFactory.Tests;

public sealed class ConversionCacheTests : IDisposable
{
    private readonly TinyModel _model = new TinyModel().Write();

    [Fact]
    public void Prepare_Again_ConvertsNothing()
    {
        PreparedModel first = _model.Prepare();
        RecordedProgress progress = new();

        PreparedModel second = _model.Prepare(progress);

        Assert.Equal(first, second);
        Assert.DoesNotContain(progress.Reports, report => report.Stage == ConversionStage.Converting);
    }

    [Fact]
    public void Prepare_OtherWeights_GetsAnotherVersion()
    {
        PreparedModel first = _model.Prepare();
        _model.Change("model.norm.weight", tensor => tensor with { Bytes = [.. tensor.Bytes.Select(bits => (byte)(bits ^ 1))] });
        _model.Write();

        PreparedModel second = _model.Prepare();

        Assert.NotEqual(first.Version, second.Version);
        Assert.NotEqual(first.Directory, second.Directory);
    }

    [Fact]
    public void Prepare_OtherTokenizer_GetsAnotherVersion()
    {
        PreparedModel first = _model.Prepare();
        File.WriteAllText(Path.Combine(_model.Source, "tokenizer.json"), "{}");

        Assert.NotEqual(first.Version, _model.Prepare().Version);
    }

    [Theory]
    [InlineData("model.onnx.data")]
    [InlineData("model.onnx")]
    [InlineData("manifest.json")]
    [InlineData("config.json")]
    public void Prepare_FileLostFromTheCache_ConvertsAnew(string file)
    {
        PreparedModel first = _model.Prepare();
        File.Delete(Path.Combine(first.Directory, file));

        PreparedModel second = _model.Prepare();

        Assert.Equal(first, second);
        Assert.True(File.Exists(Path.Combine(second.Directory, file)));
    }

    [Fact]
    public void Prepare_FileCutShortInTheCache_ConvertsAnew()
    {
        string data = Path.Combine(_model.Prepare().Directory, "model.onnx.data");
        byte[] whole = File.ReadAllBytes(data);
        File.WriteAllBytes(data, whole[..^1]);

        _model.Prepare();

        Assert.Equal(whole, File.ReadAllBytes(data));
    }

    [Fact]
    public async Task Prepare_ManyAtOnce_PublishOneFolder()
    {
        PreparedModel[] prepared = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _model.Prepare())));

        Assert.Single(prepared.Distinct());
        Assert.Equal([prepared[0].Directory], Directory.GetFileSystemEntries(_model.Cache));
    }

    [Fact]
    public void Prepare_Cancelled_LeavesNothing()
    {
        using CancellationTokenSource cancellation = new();
        CancelOnFirst progress = new(cancellation);

        Assert.Throws<OperationCanceledException>(() => _model.Prepare(progress, cancellation.Token));

        Assert.Empty(Directory.GetFileSystemEntries(_model.Cache));
    }

    public void Dispose() => _model.Dispose();

    private sealed class CancelOnFirst(CancellationTokenSource cancellation) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            if (value.Stage == ConversionStage.Converting)
            {
                cancellation.Cancel();
            }
        }
    }
}
