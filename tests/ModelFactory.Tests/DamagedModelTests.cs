using System.Buffers.Binary;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Tests;

public sealed class DamagedModelTests : IDisposable
{
    private const string Weights = "model.safetensors";
    private const string Gate = "model.layers.0.mlp.gate_proj.weight";

    private readonly TinyModel _model = new();

    [Fact]
    public void Prepare_NoConfig_NamesIt()
    {
        File.Delete(Path.Combine(_model.Write().Source, "config.json"));

        AssertRefused("config.json", "missing");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"hidden_size\": ")]
    [InlineData("[]")]
    [InlineData("null")]
    public void Prepare_ConfigThatIsNoObject_NamesIt(string config)
    {
        File.WriteAllText(Path.Combine(_model.Write().Source, "config.json"), config);

        AssertRefused("config.json", "not");
    }

    [Theory]
    [InlineData("hidden_size", "1000000000000000000")]
    [InlineData("hidden_size", "-32")]
    [InlineData("hidden_size", "32.5")]
    [InlineData("hidden_size", "\"32\"")]
    [InlineData("hidden_size", "null")]
    [InlineData("num_hidden_layers", "1000000000")]
    [InlineData("num_hidden_layers", "0")]
    [InlineData("num_attention_heads", "0")]
    [InlineData("num_key_value_heads", "3")]
    [InlineData("head_dim", "15")]
    [InlineData("vocab_size", "2199023255552")]
    [InlineData("max_position_embeddings", "9007199254740993")]
    [InlineData("intermediate_size", "-1")]
    [InlineData("rms_norm_eps", "1e999")]
    [InlineData("rope_theta", "0")]
    [InlineData("rope_scaling", "{\"rope_type\": \"unheard-of\"}")]
    [InlineData("rope_scaling", "7")]
    [InlineData("tie_word_embeddings", "\"yes\"")]
    [InlineData("model_type", "\"mamba\"")]
    [InlineData("hidden_act", "\"relu\"")]
    [InlineData("use_sliding_window", "true")]
    [InlineData("quantization_config", "{}")]
    public void Prepare_ConfigValueOutOfRange_NamesTheKey(string key, string value)
    {
        _model.Config[key] = "placeholder";
        _model.Write();
        string path = Path.Combine(_model.Source, "config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"placeholder\"", value, StringComparison.Ordinal));

        AssertRefused("config.json", key);
    }

    [Fact]
    public void Prepare_NoWeights_NamesThem()
    {
        File.Delete(Path.Combine(_model.Write().Source, Weights));

        AssertRefused(Weights, "missing");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(100)]
    [InlineData(-1)]
    [InlineData(-4000)]
    public void Prepare_TruncatedWeights_NamesThem(int length)
    {
        using (FileStream file = File.OpenWrite(Path.Combine(_model.Write().Source, Weights)))
        {
            file.SetLength(length >= 0 ? length : file.Length + length);
        }

        AssertRefused(Weights, "");
    }

    [Theory]
    [InlineData(1L << 20)]
    [InlineData(long.MaxValue)]
    [InlineData(-1L)]
    public void Prepare_HeaderLongerThanTheFile_NamesIt(long length)
    {
        using (FileStream file = File.OpenWrite(Path.Combine(_model.Write().Source, Weights)))
        {
            byte[] prefix = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, length);
            file.Write(prefix);
        }

        AssertRefused(Weights, "header");
    }

    [Fact]
    public void Prepare_HeaderThatIsNoJson_NamesTheFile()
    {
        using (FileStream file = File.OpenWrite(Path.Combine(_model.Write().Source, Weights)))
        {
            file.Position = 8;
            file.Write("<<<<"u8);
        }

        AssertRefused(Weights, "header");
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData(-(1L << 40))]
    [InlineData(long.MaxValue / 2)]
    public void Prepare_TensorOutsideTheFile_NamesIt(long shift)
    {
        _model.Change(Gate, tensor => tensor with { Shift = shift });
        _model.Write();

        AssertRefused(Weights, Gate);
    }

    [Fact]
    public void Prepare_OverlappingTensors_NamesThem()
    {
        _model.Change(Gate, tensor => tensor with { Shift = -64 });
        _model.Write();

        AssertRefused(Weights, "overlap");
    }

    [Theory]
    [InlineData(TinyModel.Hidden, TinyModel.Intermediate)]
    [InlineData(1, TinyModel.Hidden * TinyModel.Intermediate)]
    [InlineData(TinyModel.Intermediate, TinyModel.Hidden + 1)]
    [InlineData(-TinyModel.Intermediate, -TinyModel.Hidden)]
    [InlineData(long.MaxValue, 16)]
    public void Prepare_WrongShape_NamesTheTensor(long rows, long columns)
    {
        _model.Change(Gate, tensor => tensor with { Shape = [rows, columns] });
        _model.Write();

        AssertRefused(Weights, Gate);
    }

    [Theory]
    [InlineData("F8_E4M3")]
    [InlineData("I64")]
    [InlineData("")]
    public void Prepare_UnknownNumberFormat_NamesTheTensor(string element)
    {
        _model.Change(Gate, tensor => tensor with { Element = element });
        _model.Write();

        AssertRefused(Weights, Gate);
    }

    [Fact]
    public void Prepare_MissingTensor_NamesIt()
    {
        _model.Tensors.RemoveAll(tensor => tensor.Name == Gate);
        _model.Write();

        AssertRefused(Weights, Gate);
    }

    [Fact]
    public void Prepare_LayerWeightOfAnotherArchitecture_NamesIt()
    {
        _model.Tensors.Add(new TinyTensor("model.layers.0.self_attn.q_norm.weight", "F32", [1], new byte[4]));
        _model.Write();

        AssertRefused("config.json", "q_norm");
    }

    [Fact]
    public void Prepare_MissingShard_NamesIt()
    {
        _model.WriteConfig();
        _model.WriteShards();
        File.Delete(Path.Combine(_model.Source, "model-00002-of-00002.safetensors"));

        AssertRefused("model-00002-of-00002.safetensors", "missing");
    }

    [Fact]
    public void Prepare_IndexThatMisplacesATensor_NamesTheShard()
    {
        _model.WriteConfig();
        _model.WriteShards(map => map["model.norm.weight"] = "model-00001-of-00002.safetensors");

        AssertRefused("model-00001-of-00002.safetensors", "model.norm.weight");
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("passwd")]
    public void Prepare_IndexThatLeavesTheDirectory_NamesTheIndex(string file)
    {
        _model.WriteConfig();
        _model.WriteShards(map => map["model.norm.weight"] = file);

        AssertRefused("model.safetensors.index.json", file);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"weight_map\": []}")]
    [InlineData("{\"weight_map\": {\"a\": 1}}")]
    [InlineData("{\"weight_map\": {}}")]
    [InlineData("weight_map")]
    public void Prepare_BrokenIndex_NamesIt(string index)
    {
        _model.WriteConfig();
        File.WriteAllText(Path.Combine(_model.Source, "model.safetensors.index.json"), index);

        AssertRefused("model.safetensors.index.json", "weight_map");
    }

    public void Dispose() => _model.Dispose();

    private void AssertRefused(string file, string detail)
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => _model.Prepare());

        Assert.Equal(file, refused.FileName);
        Assert.Contains(detail, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_model.Cache), "a refused model left something in the cache");
    }
}
