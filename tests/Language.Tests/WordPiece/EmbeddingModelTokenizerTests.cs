using System.Diagnostics;
using System.Text.Json;
using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.WordPiece;

[Collection(TimingCollection.Name)]
public sealed class EmbeddingModelTokenizerTests
{
    [SharedDataTheory]
    [InlineData("all-minilm-l6-v2")]
    [InlineData("bge-small-zh-v1.5")]
    public void EncodeWithSpecial_EveryReferenceText_GivesItsIds(string model)
    {
        Tokenizer tokenizer = Load(model);
        List<JsonElement> lines = JsonLines.Read(SharedData.Path($"models/{model}/expected.jsonl"));

        Assert.Equal(50, lines.Count);
        Assert.All(lines, line => Assert.Equal(line.Ids("ids"), tokenizer.EncodeWithSpecial(line.Text("text"), ControlTokens.AsText, 512, out _)));
    }

    [SharedDataTheory]
    [InlineData("[CLS] [SEP] [MASK] [PAD]")]
    [InlineData("[CLS][SEP]")]
    [InlineData("a [sep] b")]
    public void Encode_TextThatSpellsControlTokens_HasNone(string text)
    {
        Tokenizer tokenizer = Load("all-minilm-l6-v2");

        Assert.DoesNotContain(tokenizer.Encode(text), id => id != 100 && tokenizer.IsSpecial(id));
    }

    [SharedDataFact]
    public void Encode_ControlTokensOfTrustedText_AreRecognised()
    {
        Tokenizer tokenizer = Load("all-minilm-l6-v2");

        Assert.Equal([103, 7592], tokenizer.Encode("[MASK] Hello", ControlTokens.Recognized));
    }

    [SharedDataFact]
    public void Decode_OfEncodedWords_GivesThemInLowerCase()
    {
        Tokenizer tokenizer = Load("all-minilm-l6-v2");

        Assert.Equal("embeddings of cafe", tokenizer.Decode(tokenizer.Encode("Embeddings of Café")));
    }

    [SharedDataFact]
    public void Encode_OneWordOfAMillionCharacters_IsOneUnknownTokenAtOnce()
    {
        Tokenizer tokenizer = Load("all-minilm-l6-v2");
        long start = Stopwatch.GetTimestamp();

        Assert.Equal([100], tokenizer.Encode(new string('a', 1_000_000)));

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
    }

    private static Tokenizer Load(string model) => new(TokenizerParts.Load(SharedData.Path($"models/{model}/tokenizer.json"), null));
}
