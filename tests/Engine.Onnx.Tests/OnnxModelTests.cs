using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

[Collection(ConvertedModels.Collection)]
public sealed class OnnxModelTests(ConvertedModels models) : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("onnx-model-");

    [Fact]
    public void Load_EmptyDirectory_NamesTheMissingFile() =>
        Assert.Equal("model.onnx", Assert.Throws<ModelFormatException>(Load).FileName);

    [Fact]
    public void Load_GraphThatIsNoProtobuf_NamesTheFile()
    {
        File.WriteAllText(InDirectory("model.onnx"), "this is not a graph");

        Assert.Equal("model.onnx", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Fact]
    public void Load_TruncatedGraph_NamesTheFile()
    {
        CopyDemo();
        Truncate("model.onnx", keep: 0.9);

        Assert.Equal("model.onnx", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Fact]
    public void Load_TruncatedWeights_NamesThem()
    {
        CopyDemo();
        Truncate("model.onnx.data", keep: 0.5);

        Assert.Equal("model.onnx.data", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Fact]
    public void Load_MissingWeights_NamesThem()
    {
        CopyDemo();
        File.Delete(InDirectory("model.onnx.data"));

        Assert.Equal("model.onnx.data", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Fact]
    public void Load_WeightsBehindALink_NamesTheLink()
    {
        CopyDemo();
        File.Delete(InDirectory("model.onnx.data"));
        File.CreateSymbolicLink(InDirectory("model.onnx.data"), Path.Combine(models.Demo, "model.onnx.data"));

        Assert.Equal("model.onnx.data", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Theory]
    [InlineData("../demo/model.onnx")]
    [InlineData("/tmp/model.onnx")]
    public void Load_GenAiConfigThatLeavesTheDirectory_NamesTheConfig(string decoder)
    {
        File.WriteAllText(InDirectory("genai_config.json"), $$"""{ "model": { "context_length": 128, "decoder": { "filename": "{{decoder}}" } } }""");

        Assert.Equal("genai_config.json", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Fact]
    public void SlotKvCache_MoreThanTheMachineHas_SaysWhatToLower()
    {
        // 1024 slots x 2049 positions x 6 layers x 2 x 2 heads x 64 x 4 bytes: 12 GiB for the demo model; a thousand times that is too much anywhere.
        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(
            () => new SlotKvCache(HostDevice.Instance, new KvShape(Layers: 6000, KeyValueHeads: 2, HeadSize: 64, TensorElementType.Float), slots: 1024, positions: 2049));

        Assert.Contains("Onnx:Slots", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ContextBeyondTheModels_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => models.LoadDemo(contextLength: 4096));

    public void Dispose() => _directory.Delete(recursive: true);

    private IModelRunner Load() => OnnxModel.Load(_directory.FullName, new OnnxRunnerOptions { Slots = 1 });

    private string InDirectory(string file) => Path.Combine(_directory.FullName, file);

    private void CopyDemo()
    {
        foreach (string file in Directory.GetFiles(models.Demo))
        {
            File.Copy(file, InDirectory(Path.GetFileName(file)));
        }
    }

    private void Truncate(string file, double keep)
    {
        using FileStream stream = File.OpenWrite(InDirectory(file));
        stream.SetLength((long)(stream.Length * keep));
    }
}
