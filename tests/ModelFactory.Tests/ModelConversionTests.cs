using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Tests;

public sealed class ModelConversionTests : IDisposable
{
    private readonly TinyModel _model = new();

    [Fact]
    public void Prepare_Safetensors_WritesEveryFileOfTheManifest()
    {
        File.WriteAllText(Path.Combine(_model.Write().Source, "tokenizer.json"), "{}");

        PreparedModel prepared = _model.Prepare();

        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(prepared.Directory, "manifest.json")));
        Dictionary<string, JsonElement> files = manifest.RootElement.GetProperty("files").EnumerateArray().ToDictionary(file => file.GetProperty("name").GetString()!);
        Assert.Equal(["config.json", "model.onnx", "model.onnx.data", "tokenizer.json"], files.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, JsonElement file) in files)
        {
            byte[] content = File.ReadAllBytes(Path.Combine(prepared.Directory, name));
            Assert.Equal(content.Length, file.GetProperty("size").GetInt64());
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.GetProperty("sha256").GetString());
        }
    }

    [Fact]
    public void Prepare_LinearLayer_IsTurnedForMatMul()
    {
        _model.Write();

        float[] written = Constant("layers.0.feed_forward.gate.weight");

        float[] stored = Stored("model.layers.0.mlp.gate_proj.weight");
        for (int output = 0; output < TinyModel.Intermediate; output++)
        {
            for (int input = 0; input < TinyModel.Hidden; input++)
            {
                Assert.Equal(stored[(output * TinyModel.Hidden) + input], written[(input * TinyModel.Intermediate) + output]);
            }
        }
    }

    [Fact]
    public void Prepare_BFloat16_IsWidenedExactly()
    {
        ushort[] halves = [.. Enumerable.Range(0, TinyModel.Hidden).Select(i => (ushort)(0x3F80 + (i * 0x111)))];
        _model.Change("model.norm.weight", tensor => tensor with { Element = "BF16", Bytes = MemoryMarshal.AsBytes<ushort>(halves).ToArray() });
        _model.Write();

        Assert.Equal(halves.Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)), Constant("model.norm.weight"));
    }

    [Fact]
    public void Prepare_Float16_IsWidenedExactly()
    {
        Half[] halves = [.. Enumerable.Range(0, TinyModel.Hidden).Select(i => (Half)((i - 16) / 7.0))];
        _model.Change("model.norm.weight", tensor => tensor with { Element = "F16", Bytes = MemoryMarshal.AsBytes<Half>(halves).ToArray() });
        _model.Write();

        Assert.Equal(halves.Select(value => (float)value), Constant("model.norm.weight"));
    }

    [Fact]
    public void Prepare_Shards_GiveTheSameWeightsAsOneFile()
    {
        _model.Write();
        byte[] single = File.ReadAllBytes(Path.Combine(_model.Prepare().Directory, "model.onnx.data"));
        File.Delete(Path.Combine(_model.Source, "model.safetensors"));
        _model.WriteShards();

        byte[] sharded = File.ReadAllBytes(Path.Combine(_model.Prepare().Directory, "model.onnx.data"));

        Assert.Equal(single, sharded);
    }

    [Fact]
    public void Prepare_DirectoryWithAGraph_IsUsedAsItIs()
    {
        File.WriteAllText(Path.Combine(_model.Source, "model.onnx"), "any graph");

        PreparedModel prepared = _model.Prepare();

        Assert.Equal((_model.Source, false), (prepared.Directory, prepared.Converted));
        Assert.False(Directory.Exists(_model.Cache));
    }

    [Fact]
    public void Prepare_DecoderNamedByGenAiConfig_IsUsedAsItIs()
    {
        File.WriteAllText(Path.Combine(_model.Source, "genai_config.json"), """{"model": {"decoder": {"filename": "decoder.onnx"}}}""");
        File.WriteAllText(Path.Combine(_model.Source, "decoder.onnx"), "any graph");

        Assert.False(_model.Prepare().Converted);
    }

    [Fact]
    public void Prepare_Progress_EndsAtItsTotal()
    {
        RecordedProgress progress = new();

        _model.Write().Prepare(progress);

        foreach (ConversionStage stage in Enum.GetValues<ConversionStage>())
        {
            ConversionProgress last = progress.Reports.Last(report => report.Stage == stage);
            Assert.Equal(last.BytesTotal, last.BytesDone);
        }
    }

    public void Dispose() => _model.Dispose();

    private float[] Stored(string name) => MemoryMarshal.Cast<byte, float>(_model.Tensors.Single(tensor => tensor.Name == name).Bytes).ToArray();

    private float[] Constant(string name)
    {
        string folder = _model.Prepare().Directory;
        TensorProto tensor = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(folder, "model.onnx"))).Graph.Initializer.Single(found => found.Name == name);
        long Number(string key) => long.Parse(tensor.ExternalData.Single(entry => entry.Key == key).Value, System.Globalization.CultureInfo.InvariantCulture);
        byte[] data = File.ReadAllBytes(Path.Combine(folder, "model.onnx.data"));
        return MemoryMarshal.Cast<byte, float>(data.AsSpan((int)Number("offset"), (int)Number("length"))).ToArray();
    }
}

/// <summary>Keeps every report on the thread that makes it; <see cref="Progress{T}"/> would deliver them later.</summary>
internal sealed class RecordedProgress : IProgress<ConversionProgress>
{
    public List<ConversionProgress> Reports { get; } = [];

    public void Report(ConversionProgress value) => Reports.Add(value);
}
