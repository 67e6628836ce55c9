using System.Text.Json;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.ModelFactory.Tests.Gguf;

/// <summary>Tokenizer and chat template out of a GGUF file's metadata.</summary>
public sealed class GgufTextTests
{
    private const string SmolLm = "models/smollm2-135m-instruct";
    private const int TextCount = 1903;

    // Three control tokens and the 256 bytes come first.
    private const int FirstPiece = 259;

    [SharedDataFact]
    public void Read_SmolLm_GivesTheIdsOfEveryText()
    {
        Tokenizer tokenizer = SourceText.Read(SharedData.Path($"{SmolLm}/SmolLM2-135M-Instruct.Q4_1.gguf")).Tokenizer;

        AssertIds(tokenizer, $"{SmolLm}/tokens.jsonl");
    }

    [SharedDataFact]
    public void Read_SmolLm_RendersTheChatsOfTheReference()
    {
        ModelText text = SourceText.Read(SharedData.Path($"{SmolLm}/SmolLM2-135M-Instruct.Q4_1.gguf"));
        JsonElement[] chats = [.. Lines($"{SmolLm}/expected.jsonl").Where(line => line.TryGetProperty("messages", out _))];

        Assert.Equal(16, chats.Length);
        foreach (JsonElement chat in chats)
        {
            RenderedPrompt prompt = text.Template!.Render(new ChatTemplateInput { Messages = chat.GetProperty("messages"), AddGenerationPrompt = true });

            Assert.Equal(chat.GetProperty("prompt").GetString(), prompt.Text);
            Assert.Equal(Ids(chat, "prompt_ids"), prompt.Ids);
        }
    }

    [SharedDataTheory]
    [InlineData("qwen2-mixed")]
    [InlineData("qwen3-mixed")]
    public void Read_FileWithTheDemoModelsTokenizer_EncodesAndDecodesAsThatDoes(string file)
    {
        Tokenizer expected = ModelText.Load(Repository.DemoModel).Tokenizer;

        Tokenizer actual = SourceText.Read(SharedData.Path($"models/tiny-gguf/{file}.gguf")).Tokenizer;

        foreach (string text in Lines("oracle/r1_distill_qwen.tokens.jsonl").Select(line => line.GetProperty("text").GetString()!).Append("<think>a</think>"))
        {
            int[] ids = expected.EncodeWithSpecial(text, ControlTokens.Recognized);
            Assert.Equal(ids, actual.EncodeWithSpecial(text, ControlTokens.Recognized));
            Assert.Equal(expected.Decode(ids, skipSpecial: true), actual.Decode(ids, skipSpecial: true));
        }
    }

    [SharedDataTheory]
    [InlineData("qwen3", "qwen2")]
    [InlineData("r1_distill_qwen", "deepseek-r1-qwen")]
    [InlineData("deepseek_v3", "deepseek-v3")]
    public void Read_PublishedTokenizerToldInMetadata_GivesTheIdsOfEveryText(string name, string preTokenizer)
    {
        using TinyGguf gguf = AsGguf(SharedData.Path($"tokenizers/{name}/tokenizer.json"), preTokenizer);

        AssertIds(SourceText.Read(gguf.Write().FilePath).Tokenizer, $"oracle/{name}.tokens.jsonl");
    }

    [SharedDataFact]
    public void Read_SentencePieceVocabularyWithScores_EncodesAsThePublishedMergesDo()
    {
        string published = SharedData.Path("models/stories260K/onnx");
        Tokenizer expected = ModelText.Load(published).Tokenizer;
        using TinyGguf gguf = AsScoredGguf(Path.Combine(published, "tokenizer.json"));
        Tokenizer actual = SourceText.Read(gguf.Write().FilePath).Tokenizer;

        foreach (string text in Lines("oracle/r1_distill_qwen.tokens.jsonl").Select(line => line.GetProperty("text").GetString()!))
        {
            int[] ids = expected.EncodeWithSpecial(text, ControlTokens.Recognized);
            Assert.Equal(ids, actual.EncodeWithSpecial(text, ControlTokens.Recognized));
            Assert.Equal(expected.Decode(ids, skipSpecial: true), actual.Decode(ids, skipSpecial: true));
        }
    }

    [Theory]
    [InlineData("llama-bpe", "it's 12345 apples", "it|'s| |123|45| apples")]
    [InlineData("smollm", "it's 12345 apples", "it|'s| |1|2|3|4|5| apples")]
    [InlineData("gpt-2", "it's 12345 apples", "it|'s| 12345| apples")]
    [InlineData("qwen2", "it's 12345 apples", "it|'s| |1|2|3|4|5| apples")]
    public void Read_NameOfAPreTokenizer_CutsWordsAsItsFamilyDoes(string name, string text, string words)
    {
        // Every word is a token whose merges begin at its first letter, so that each word that is cut out becomes one token.
        string[] pieces = [.. words.Split('|').Concat(["12345", " 12345", "123", "45", "it's"]).Distinct().Select(word => word.Replace(' ', 'Ġ'))];
        string[] prefixes = [.. pieces.SelectMany(piece => Enumerable.Range(1, piece.Length).Select(length => piece[..length])).Concat(text.Select(letter => $"{letter}".Replace(' ', 'Ġ'))).Distinct()];
        using TinyGguf gguf = new();
        gguf.Metadata.AddRange(
        [
            ("tokenizer.ggml.model", "gpt2"),
            ("tokenizer.ggml.pre", name),
            ("tokenizer.ggml.tokens", prefixes),
            ("tokenizer.ggml.merges", prefixes.Where(prefix => prefix.Length > 1).Select(prefix => $"{prefix[..^1]} {prefix[^1]}").ToArray()),
        ]);
        Tokenizer tokenizer = SourceText.Read(gguf.Write().FilePath).Tokenizer;

        int[] ids = tokenizer.Encode(text, ControlTokens.AsText);

        Assert.Equal(words.Split('|'), ids.Select(id => tokenizer.Decode([id], skipSpecial: false)));
    }

    [Theory]
    [InlineData("tokenizer.ggml.model", "bert")]
    [InlineData("tokenizer.ggml.pre", "mpt")]
    [InlineData("tokenizer.ggml.eos_token_id", 9u)]
    [InlineData("tokenizer.ggml.token_type", new[] { 1, 1, 1 })]
    [InlineData("tokenizer.ggml.token_type", new[] { 1, 1, 1, 9 })]
    [InlineData("tokenizer.ggml.tokens", new[] { "a", "b", "a", "<e>" })]
    [InlineData("tokenizer.ggml.tokens", 7u)]
    [InlineData("tokenizer.ggml.merges", 7u)]
    [InlineData("tokenizer.ggml.add_bos_token", "yes")]
    public void Read_DamagedTokenizer_NamesFileAndKey(string key, object value)
    {
        using TinyGguf gguf = FourTokens();
        gguf.Set(key, value);

        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => SourceText.Read(gguf.Write().FilePath));

        Assert.Equal(TinyGguf.FileName, refused.FileName);
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BeginAndEndAskedFor_SurroundTheText()
    {
        using TinyGguf gguf = FourTokens();
        gguf.Set("tokenizer.ggml.add_bos_token", true);
        gguf.Set("tokenizer.ggml.add_eos_token", true);
        gguf.Set("tokenizer.ggml.bos_token_id", 2u);

        Tokenizer tokenizer = SourceText.Read(gguf.Write().FilePath).Tokenizer;

        Assert.Equal([2, 0, 1, 3], tokenizer.EncodeWithSpecial("ab", ControlTokens.AsText));
        Assert.Equal([0, 1], tokenizer.Encode("ab", ControlTokens.AsText));
    }

    [Fact]
    public void Read_NoVocabulary_IsRefused()
    {
        using TinyGguf gguf = new();

        Assert.Equal(TinyGguf.FileName, Assert.Throws<ModelFormatException>(() => SourceText.Read(gguf.Write().FilePath)).FileName);
    }

    private static TinyGguf FourTokens()
    {
        TinyGguf gguf = new();
        gguf.Metadata.AddRange(
        [
            ("tokenizer.ggml.model", "gpt2"),
            ("tokenizer.ggml.pre", "gpt-2"),
            ("tokenizer.ggml.tokens", new[] { "a", "b", "<s>", "<e>" }),
            ("tokenizer.ggml.token_type", new[] { 1, 1, 3, 3 }),
            ("tokenizer.ggml.merges", Array.Empty<string>()),
            ("tokenizer.ggml.eos_token_id", 3u),
        ]);
        return gguf;
    }

    // What a converter writes for a published tokenizer: tokens by id, holes filled as unused ones.
    private static TinyGguf AsGguf(string path, string preTokenizer)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement model = document.RootElement.GetProperty("model");
        Dictionary<int, (string Token, int Type)> tokens = model.GetProperty("vocab").EnumerateObject().ToDictionary(entry => entry.Value.GetInt32(), entry => (entry.Name, 1));
        foreach (JsonElement added in document.RootElement.GetProperty("added_tokens").EnumerateArray())
        {
            tokens[added.GetProperty("id").GetInt32()] = (added.GetProperty("content").GetString()!, added.GetProperty("special").GetBoolean() ? 3 : 4);
        }

        (string Token, int Type)[] list = [.. Enumerable.Range(0, tokens.Keys.Max() + 1).Select(id => tokens.GetValueOrDefault(id, ($"[PAD{id}]", 5)))];
        TinyGguf gguf = new();
        gguf.Metadata.AddRange(
        [
            ("tokenizer.ggml.model", "gpt2"),
            ("tokenizer.ggml.pre", preTokenizer),
            ("tokenizer.ggml.tokens", list.Select(token => token.Token).ToArray()),
            ("tokenizer.ggml.token_type", list.Select(token => token.Type).ToArray()),
            ("tokenizer.ggml.merges", model.GetProperty("merges").EnumerateArray().Select(Merge).ToArray()),
        ]);
        return gguf;
    }

    // SentencePiece trains token after token, so that its ids are the order in which it joins: the score falls with the id.
    private static TinyGguf AsScoredGguf(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        string[] tokens = [.. document.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(entry => entry.Value.GetInt32()).Select(entry => entry.Name)];
        TinyGguf gguf = new();
        gguf.Metadata.AddRange(
        [
            ("tokenizer.ggml.model", "llama"),
            ("tokenizer.ggml.tokens", tokens),
            ("tokenizer.ggml.scores", tokens.Select((_, id) => id < FirstPiece ? 0f : FirstPiece - id).ToArray()),
            ("tokenizer.ggml.token_type", tokens.Select((_, id) => id switch { 0 => 2, < 3 => 3, < FirstPiece => 6, _ => 1 }).ToArray()),
            ("tokenizer.ggml.bos_token_id", 1u),
            ("tokenizer.ggml.eos_token_id", 2u),
            ("tokenizer.ggml.unknown_token_id", 0u),
        ]);
        return gguf;
    }

    private static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0]} {merge[1]}";

    private static void AssertIds(Tokenizer tokenizer, string file)
    {
        JsonElement[] lines = [.. Lines(file)];
        Assert.Equal(TextCount, lines.Length);
        Assert.Equal(TextCount, lines.Count(line => tokenizer.Encode(line.GetProperty("text").GetString()!, ControlTokens.Recognized).SequenceEqual(Ids(line, "ids"))));
    }

    private static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(SharedData.Path(file)).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line));

    private static int[] Ids(JsonElement line, string key) => [.. line.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];
}
