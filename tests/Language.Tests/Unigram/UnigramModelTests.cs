using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DeepSeekOrleans.Language.Tests.Unigram;

public sealed class UnigramModelTests
{
    private const int Unknown = 0;
    private static readonly (string Text, double Score)[] Pieces =
        [("<unk>", 0), ("<s>", 0), ("</s>", 0), ("▁", -3.5), ("▁a", -2), ("b", -3), ("ab", -4.5), ("▁ab", -6), ("c", -3.25), ("bc", -5.5), ("é", -5), ("▁▁", -9)];

    [Theory]
    [InlineData("ab", new[] { 4, 5 })]
    [InlineData("abc", new[] { 4, 9 })]
    [InlineData("a b", new[] { 4, 3, 5 })]
    [InlineData("xyz b", new[] { 3, Unknown, 3, 5 })]
    [InlineData("<s>", new[] { 3, Unknown })]
    [InlineData("é", new[] { 3, 10 })]
    public void Encode_Words_GivesTheMostProbablePieces(string text, int[] expected) => Assert.Equal(expected, Load().Encode(text));

    [Fact]
    public void Encode_RandomWords_GivesTheBestOfAllWays()
    {
        Tokenizer tokenizer = Load();
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            string word = "▁" + string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => "abcé"[random.Next(4)]));

            double score = tokenizer.Encode(word).Sum(id => id == Unknown ? double.NaN : Pieces[id].Score);

            if (!double.IsNaN(score))
            {
                Assert.Equal(BestScore(word), score, 9);
            }
        }
    }

    [Fact]
    public void Encode_UnknownCharactersWithByteFallback_GivesTheirBytes()
    {
        Tokenizer tokenizer = Load(byteFallback: true);
        int firstByte = Pieces.Length;

        Assert.Equal([3, .. Encoding.UTF8.GetBytes("说x").Select(value => firstByte + value), 5], tokenizer.Encode("说xb"));
        Assert.Equal("说xb", tokenizer.Decode(tokenizer.Encode("说xb")));
    }

    [Fact]
    public void Encode_WordsPartedByAnySpace_MarksEach()
    {
        Tokenizer tokenizer = Load(preTokenizer: """
            {"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]}
            """);

        Assert.Equal([4, 4, 5, 3, 8], tokenizer.Encode("  a\n\tab   c "));
        Assert.Empty(tokenizer.Encode(" \n"));
    }

    [Theory]
    [InlineData("\"unk_id\":99", "unk_id")]
    [InlineData("\"unk_id\":null", "unk_id")]
    public void Load_ModelWithoutUnknownToken_NamesTheKey(string setting, string key) =>
        Assert.Contains(key, Assert.Throws<ModelFormatException>(() => Load(setting: setting)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("[[\"a\"]]")]
    [InlineData("[[\"a\",\"b\"]]")]
    [InlineData("[[\"a\",0],[\"a\",0]]")]
    [InlineData("[3]")]
    [InlineData("[[\"a\",1e999]]")]
    [InlineData("[]")]
    [InlineData("{\"a\":0}")]
    [InlineData("\"a\"")]
    public void Load_DamagedPieces_NamesTheFile(string pieces) => Assert.Equal(
        "tokenizer.json",
        Assert.Throws<ModelFormatException>(() => TokenizerJson.Load($$$"""{"decoder":{"type":"Fuse"},"model":{"type":"Unigram","unk_id":0,"vocab":{{{pieces}}}}}""")).FileName);

    [Theory]
    [InlineData("NFKC")]
    [InlineData("NFKD")]
    [InlineData("Nmt")]
    public void Load_NormalizerThatIsNotSupported_IsNamed(string normalizer) => Assert.Contains(
        normalizer,
        Assert.Throws<ModelFormatException>(() => Load(normalizer: $$"""{"type":"{{normalizer}}"}""")).Message,
        StringComparison.Ordinal);

    private static double BestScore(string rest) => rest.Length == 0
        ? 0
        : Pieces.Skip(3).Where(piece => rest.StartsWith(piece.Text, StringComparison.Ordinal))
            .Select(piece => piece.Score + BestScore(rest[piece.Text.Length..])).DefaultIfEmpty(double.NegativeInfinity).Max();

    private static Tokenizer Load(
        string preTokenizer = """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""",
        string normalizer = "null",
        string setting = "\"unk_id\":0",
        bool byteFallback = false)
    {
        IEnumerable<(string Text, double Score)> bytes = Enumerable.Range(0, byteFallback ? 256 : 0)
            .Select(value => (string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), -20.0));
        return TokenizerJson.Load($$"""
            {
              "added_tokens": [{"id":0,"content":"<unk>","special":true}, {"id":1,"content":"<s>","special":true}, {"id":2,"content":"</s>","special":true}],
              "normalizer": {{normalizer}},
              "pre_tokenizer": {{preTokenizer}},
              "decoder": {"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]},
              "model": {"type":"Unigram",{{setting}},"byte_fallback":{{(byteFallback ? "true" : "false")}},
                "vocab":{{JsonSerializer.Serialize(Pieces.Concat(bytes).Select(piece => new object[] { piece.Text, piece.Score }))}}}
            }
            """);
    }
}
