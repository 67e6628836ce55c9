using System.Text.Json;
using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

/// <summary>The SentencePiece kind: Prepend and Replace, byte fallback, a decoder that takes the first space off.</summary>
public sealed class StoriesTokenizerTests
{
    private static Tokenizer Load() => new(TokenizerParts.Load(SharedData.Path("models/stories260K/onnx/tokenizer.json"), null));

    [SharedDataFact]
    public void EncodeWithSpecial_GoldenPrompts_GivesReferenceIds()
    {
        Tokenizer tokenizer = Load();
        List<JsonElement> lines = JsonLines.Read(SharedData.Path("models/stories260K/onnx/golden.jsonl"));

        Assert.NotEmpty(lines);
        Assert.All(lines, line =>
        {
            Assert.Equal(line.Ids("prompt_ids"), tokenizer.EncodeWithSpecial(line.Text("prompt"), ControlTokens.AsText));
            Assert.Equal(line.Text("text"), tokenizer.Decode(line.Ids("ids"), skipSpecial: true));
        });
    }

    [SharedDataFact]
    public void Encode_CharactersOutsideTheVocabulary_RoundTripThroughBytes()
    {
        Tokenizer tokenizer = Load();
        const string Text = "Lily 说: 👩‍👧 é\n";

        Assert.Equal(Text, tokenizer.Decode(tokenizer.Encode(Text)));
    }

    [SharedDataFact]
    public void Append_FallbackBytes_EmitsEachCharacterWhenWhole()
    {
        Tokenizer tokenizer = Load();
        IncrementalDecoder decoder = tokenizer.CreateDecoder();

        string[] pieces = [.. tokenizer.Encode("说x").Select(decoder.Append)];

        Assert.Equal(["", "", "", "说", "x"], pieces);
    }
}
