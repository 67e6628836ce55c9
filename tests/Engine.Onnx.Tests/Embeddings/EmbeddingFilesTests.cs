using DeepSeekOrleans.Engine.Onnx.Embeddings;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Embeddings;

public sealed class EmbeddingFilesTests : IDisposable
{
    private const string Modules = """
        [{"type":"sentence_transformers.models.Transformer","path":""},{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"}]
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("embedding-files-");

    [Theory]
    [InlineData("pooling_mode_cls_token", EmbeddingPooling.Cls)]
    [InlineData("pooling_mode_mean_tokens", EmbeddingPooling.Mean)]
    public void Read_PoolingOfSentenceTransformers_IsTaken(string mode, EmbeddingPooling expected)
    {
        Write("modules.json", Modules);
        Write("1_Pooling/config.json", $$"""{"word_embedding_dimension":384,"pooling_mode_max_tokens":false,"{{mode}}":true}""");

        EmbeddingDescription description = Read();

        Assert.Equal(new EmbeddingDescription(expected, IsPoolingAssumed: false, Normalizes: false, MaxTokens: 512), description);
    }

    [Fact]
    public void Read_NormalizeStep_IsTaken()
    {
        Write("modules.json", $$"""{{Modules.TrimEnd()[..^1]}},{"type":"sentence_transformers.models.Normalize","path":"2_Normalize"}]""");
        Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");

        Assert.True(Read().Normalizes);
    }

    [Fact]
    public void Read_OptionForPooling_OverridesTheFiles()
    {
        Write("modules.json", Modules);
        Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");

        Assert.Equal(EmbeddingPooling.Cls, Read(new EmbeddingModelOptions { Pooling = EmbeddingPooling.Cls }).Pooling);
    }

    [Theory]
    [InlineData("bge-small-en", EmbeddingPooling.Cls)]
    [InlineData("Snowflake-Arctic-Embed-m", EmbeddingPooling.Cls)]
    [InlineData("all-minilm-l6-v2", EmbeddingPooling.Mean)]
    [InlineData("model", EmbeddingPooling.Mean)]
    public void Read_BareDirectory_AssumesThePoolingOfItsFamilyAndSaysSo(string name, EmbeddingPooling expected)
    {
        EmbeddingDescription description = EmbeddingDescription.Read(_directory.CreateSubdirectory(name).FullName, new EmbeddingModelOptions());

        Assert.Equal(new EmbeddingDescription(expected, IsPoolingAssumed: true, Normalizes: true, MaxTokens: 512), description);
    }

    [Theory]
    [InlineData("sentence_bert_config.json", """{"max_seq_length":256}""", 256)]
    [InlineData("config.json", """{"max_position_embeddings":384}""", 384)]
    [InlineData("config.json", """{"max_position_embeddings":514,"model_type":"xlm-roberta"}""", 512)]
    [InlineData("config.json", """{}""", 512)]
    public void Read_LimitOfTheFiles_IsTaken(string file, string content, int expected)
    {
        Write(file, content);

        Assert.Equal(expected, Read().MaxTokens);
        Assert.Equal(64, Read(new EmbeddingModelOptions { MaxTokens = 64 }).MaxTokens);
    }

    [Theory]
    [InlineData("modules.json", "not json")]
    [InlineData("modules.json", "{}")]
    [InlineData("modules.json", "[{}]")]
    [InlineData("modules.json", "[]")]
    [InlineData("modules.json", """[{"type":"sentence_transformers.models.Dense","path":"2_Dense"}]""")]
    [InlineData("modules.json", """[{"type":"sentence_transformers.models.Pooling","path":"../elsewhere"}]""")]
    [InlineData("modules.json", """[{"type":"sentence_transformers.models.Pooling","path":"/etc"}]""")]
    [InlineData("modules.json", """[{"type":"sentence_transformers.models.Pooling","path":"missing"}]""")]
    [InlineData("sentence_bert_config.json", """{"max_seq_length":0}""")]
    [InlineData("sentence_bert_config.json", """{"max_seq_length":"many"}""")]
    [InlineData("sentence_bert_config.json", "[]")]
    [InlineData("config.json", """{"max_position_embeddings":1e99}""")]
    public void Read_DamagedFile_IsRefusedByName(string file, string content)
    {
        Write(file, content);

        Assert.Equal(file, Assert.Throws<ModelFormatException>(() => Read()).FileName);
    }

    [Theory]
    [InlineData("""{"pooling_mode_max_tokens":true}""")]
    [InlineData("""{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true}""")]
    [InlineData("""{"pooling_mode_mean_tokens":false}""")]
    public void Read_PoolingThatIsNotBuilt_IsRefusedByName(string config)
    {
        Write("modules.json", Modules);
        Write("1_Pooling/config.json", config);

        Assert.Contains("pooling", Assert.Throws<ModelFormatException>(() => Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DirectoryWithoutGraph_NamesIt() =>
        Assert.Equal("model.onnx", Assert.Throws<ModelFormatException>(Load).FileName);

    [Fact]
    public void Load_GraphThatIsNone_IsRefusedByName()
    {
        Write("model.onnx", "this is not a graph");

        Assert.Equal("model.onnx", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [SharedDataFact]
    public void Load_DecoderGraph_SaysWhichInputIsForeign()
    {
        File.Copy(SharedData.Path("models/stories260K/onnx/model.onnx"), Path.Combine(_directory.FullName, "model.onnx"));

        Assert.Contains("input", Assert.Throws<ModelFormatException>(Load).Message, StringComparison.Ordinal);
    }

    [SharedDataFact]
    public void Load_GraphCutInTheMiddle_IsRefusedByName()
    {
        byte[] graph = File.ReadAllBytes(SharedData.Path("models/all-minilm-l6-v2/model.onnx"));
        File.WriteAllBytes(Path.Combine(_directory.FullName, "model.onnx"), graph[..(graph.Length / 2)]);

        Assert.Equal("model.onnx", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private EmbeddingDescription Read(EmbeddingModelOptions? options = null) => EmbeddingDescription.Read(_directory.FullName, options ?? new EmbeddingModelOptions());

    private void Load() => OnnxEmbeddingModel.Load(_directory.FullName, new EmbeddingModelOptions()).Dispose();

    private void Write(string file, string content)
    {
        string path = Path.Combine(_directory.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
