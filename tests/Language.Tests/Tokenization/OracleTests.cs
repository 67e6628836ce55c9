using System.Text;
using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

/// <summary>1,903 texts of 61 kinds per tokenizer; the ids are those of the Hugging Face tokenizers library.</summary>
public sealed class OracleTests
{
    private const int TextCount = 1903;

    [SharedDataTheory]
    [InlineData("deepseek_v3")]
    [InlineData("qwen3")]
    [InlineData("r1_distill_qwen")]
    public void Encode_RecognizedText_GivesOracleIds(string name)
    {
        Tokenizer tokenizer = OracleTokenizers.Load(name);

        AssertAll(name, line => tokenizer.Encode(line.Text("text"), ControlTokens.Recognized).SequenceEqual(line.Ids("ids")));
    }

    [SharedDataTheory]
    [InlineData("r1_distill_qwen")]
    public void EncodeWithSpecial_RecognizedText_GivesOracleIds(string name)
    {
        Tokenizer tokenizer = OracleTokenizers.Load(name);

        AssertAll(name, line => tokenizer.EncodeWithSpecial(line.Text("text"), ControlTokens.Recognized).SequenceEqual(line.Ids("ids_with_special")));
    }

    [SharedDataTheory]
    [InlineData("deepseek_v3")]
    [InlineData("qwen3")]
    [InlineData("r1_distill_qwen")]
    public void Decode_OracleIds_GivesOracleText(string name)
    {
        Tokenizer tokenizer = OracleTokenizers.Load(name);

        AssertAll(name, line => tokenizer.Decode(line.Ids("ids")) == Decoded(line, "decoded"));
        AssertAll(name, line => tokenizer.Decode(line.Ids("ids"), skipSpecial: true)
            == (line.TryGetProperty("decoded_skip_special", out JsonElement text) ? text.GetString() : Decoded(line, "decoded")));
    }

    [SharedDataTheory]
    [InlineData("deepseek_v3")]
    [InlineData("qwen3")]
    [InlineData("r1_distill_qwen")]
    public void Append_OracleIds_PiecesAreWholeAndMakeTheText(string name)
    {
        Tokenizer tokenizer = OracleTokenizers.Load(name);

        AssertAll(name, line =>
        {
            IncrementalDecoder decoder = tokenizer.CreateDecoder(skipSpecial: false);
            string[] pieces = [.. line.Ids("ids").Select(decoder.Append), decoder.Flush()];
            string whole = Decoded(line, "decoded");
            return string.Concat(pieces) == whole && pieces.All(piece => IsWhole(piece, whole));
        });
    }

    private static bool IsWhole(string piece, string whole) =>
        (!piece.Contains('\uFFFD') || whole.Contains('\uFFFD')) && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece)) == piece;

    private static string Decoded(JsonElement line, string key) => line.TryGetProperty(key, out JsonElement text) ? text.GetString()! : line.Text("text");

    private static void AssertAll(string name, Func<JsonElement, bool> holds)
    {
        List<JsonElement> lines = JsonLines.Read(SharedData.Path($"oracle/{name}.tokens.jsonl"));
        string[] wrong = [.. lines.Where(line => !holds(line)).Select(line => $"{line.GetProperty("i")} {line.Text("cat")}")];

        Assert.Equal(TextCount, lines.Count);
        Assert.True(wrong.Length == 0, $"{wrong.Length} of {lines.Count} differ: {string.Join(", ", wrong.Take(10))}");
    }
}
