using System.Text;
using System.Text.Json.Nodes;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Models;

/// <summary>Copies of the demo model's text files, each damaged in one way.</summary>
public sealed class DamagedModelTests : IDisposable
{
    private static readonly string[] Files = ["tokenizer.json", "tokenizer_config.json", "config.json", "generation_config.json"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("damaged-model-");

    public DamagedModelTests()
    {
        foreach (string file in Files)
        {
            File.Copy(Path.Combine(Repository.DemoModel, file), PathOf(file));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    public void Load_FileCutAnywhere_NamesTheFile(string file)
    {
        byte[] whole = File.ReadAllBytes(PathOf(file));
        for (int part = 0; part < 12; part++)
        {
            File.WriteAllBytes(PathOf(file), whole[..(whole.Length * part / 12)]);

            Assert.Equal(file, Assert.Throws<ModelFormatException>(Load).FileName);
        }
    }

    [Theory]
    [InlineData("tokenizer.json", "[]")]
    [InlineData("tokenizer.json", "{}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":-1}}}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":99999999}}}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0,\"b\":0}}}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0},\"merges\":[\"a a\"]}}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0},\"merges\":[\"aa\"]}}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0},\"merges\":[[\"a\"]]}}")]
    [InlineData("tokenizer.json", "{\"model\":{\"vocab\":{\"\\ud800\":0}}}")]
    [InlineData("tokenizer_config.json", "{\"bos_token\":3}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":\"{% if %}\"}")]
    [InlineData("config.json", "{}")]
    [InlineData("config.json", "{\"max_position_embeddings\":0}")]
    [InlineData("config.json", "{\"max_position_embeddings\":\"many\"}")]
    [InlineData("config.json", "{\"max_position_embeddings\":10,\"eos_token_id\":[\"x\"]}")]
    [InlineData("generation_config.json", "{\"temperature\":-1}")]
    public void Load_WrongContent_NamesTheFile(string file, string content)
    {
        File.WriteAllText(PathOf(file), content);

        ModelFormatException exception = Assert.Throws<ModelFormatException>(Load);

        Assert.Equal(file, exception.FileName);
        Assert.StartsWith(file + ": ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.FullName, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("normalizer", "{\"type\":\"NFKC\"}")]
    [InlineData("pre_tokenizer", "{\"type\":\"Whitespace\"}")]
    [InlineData("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+b\"},\"behavior\":\"Isolated\",\"invert\":false}")]
    [InlineData("post_processor", "{\"type\":\"BertProcessing\"}")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}")]
    [InlineData("decoder", "null")]
    [InlineData("added_tokens", "[{\"id\":-5,\"content\":\"x\"}]")]
    public void Load_UnsupportedTokenizerPart_NamesTheFile(string key, string value)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(PathOf("tokenizer.json")))!;
        root[key] = JsonNode.Parse(value);
        File.WriteAllText(PathOf("tokenizer.json"), root.ToJsonString());

        Assert.Equal("tokenizer.json", Assert.Throws<ModelFormatException>(Load).FileName);
    }

    [Fact]
    public void Load_RandomBytesChanged_LoadsOrNamesAFile()
    {
        byte[] whole = File.ReadAllBytes(PathOf("tokenizer.json"));
        Random random = new(5);
        for (int i = 0; i < 40; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(PathOf("tokenizer.json"), damaged);

            Assert.True(Record.Exception(() => { Load(); }) is null or ModelFormatException, $"change {i}");
        }
    }

    [Fact]
    public void Load_TemplateFileBesideConfig_TheFileWins()
    {
        File.WriteAllText(PathOf("chat_template.jinja"), "{{ bos_token }}from the file", Encoding.UTF8);

        RenderedPrompt prompt = Load().Template!.Render(new ChatTemplateInput { Messages = System.Text.Json.JsonElement.Parse("[]") });

        Assert.Equal("<｜begin▁of▁sentence｜>from the file", prompt.Text);
    }

    private string PathOf(string file) => Path.Combine(_folder.FullName, file);

    private ModelLanguage Load() => ModelLanguage.Load(_folder.FullName);
}
