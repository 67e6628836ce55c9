using System.Text.Json;

namespace DeepSeekOrleans.Language.Tests.WordPiece;

public sealed class WordPieceModelTests
{
    private const int Unknown = 0;
    private static readonly string[] Vocabulary = ["[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "##a", "a", "cafe", "café", "中", "国", ",", "i", "##x"];

    [Theory]
    [InlineData("unaffable", new[] { 3, 4, 5 })]
    [InlineData("unaa", new[] { 3, 6, 6 })]
    [InlineData("unzz", new[] { Unknown })]
    [InlineData("a,a", new[] { 7, 12, 7 })]
    [InlineData("中国", new[] { 10, 11 })]
    [InlineData("a\u0000\u200B\uFFFDx", new[] { 7, 14 })]
    [InlineData("a\u00A0\u3000\ta", new[] { 7, 7 })]
    [InlineData("CAFÉ", new[] { 8 })]
    [InlineData("cafe\u0301", new[] { 8 })]
    [InlineData("İx", new[] { 13, 14 })]
    [InlineData("", new int[0])]
    [InlineData(" \n ", new int[0])]
    [InlineData("\uD83D", new int[0])]
    public void Encode_WithBertsNormalizer_CutsAsTheReference(string text, int[] expected) =>
        Assert.Equal(expected, Load().Encode(text));

    [Fact]
    public void Encode_WithAccentsKept_TellsLettersApart() =>
        Assert.Equal([9], Load(normalizer: """{"type":"BertNormalizer","strip_accents":false}""").Encode("CAFÉ"));

    [Fact]
    public void Encode_WithoutLowercase_KeepsCase() =>
        Assert.Equal([Unknown, 7], Load(normalizer: """{"type":"BertNormalizer","lowercase":false}""").Encode("A a"));

    [Fact]
    public void Encode_WordAtTheLimit_IsCutAndOneLongerIsUnknown()
    {
        Tokenizer tokenizer = Load(model: "\"max_input_chars_per_word\":4");

        Assert.Equal([7, 6, 6, 6], tokenizer.Encode("aaaa"));
        Assert.Equal([Unknown], tokenizer.Encode("aaaaa"));
    }

    [Theory]
    [InlineData(2, new[] { 1, 2 })]
    [InlineData(3, new[] { 1, 7, 2 })]
    [InlineData(9, new[] { 1, 7, 12, 7, 2 })]
    public void EncodeWithSpecial_TextLongerThanAllowed_IsCutInsideItsFrame(int maxTokens, int[] expected) =>
        Assert.Equal(expected, Load().EncodeWithSpecial("a, a", ControlTokens.AsText, maxTokens, out _));

    [Theory]
    [InlineData("\"max_input_chars_per_word\":100000", "max_input_chars_per_word")]
    [InlineData("\"max_input_chars_per_word\":0", "max_input_chars_per_word")]
    [InlineData("\"unk_token\":\"<none>\"", "unk_token")]
    public void Load_ModelThatCannotBeRight_NamesTheKey(string model, string key)
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => Load(model: model));

        Assert.Equal("tokenizer.json", refused.FileName);
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    private static Tokenizer Load(string normalizer = """{"type":"BertNormalizer"}""", string model = "\"unk_token\":\"[UNK]\"") => TokenizerJson.Load($$"""
        {
          "added_tokens": [{"id":0,"content":"[UNK]","special":true}, {"id":1,"content":"[CLS]","special":true}, {"id":2,"content":"[SEP]","special":true}],
          "normalizer": {{normalizer}},
          "pre_tokenizer": {"type":"BertPreTokenizer"},
          "post_processor": {"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},
          "decoder": {"type":"WordPiece","prefix":"##","cleanup":true},
          "model": {"type":"WordPiece","continuing_subword_prefix":"##",{{model}},
            "vocab":{{JsonSerializer.Serialize(Vocabulary.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id))}}}
        }
        """);
}
