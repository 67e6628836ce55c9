using System.Text;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.Decoding;

/// <summary>How token spellings become text again; from the <c>decoder</c> of a tokenizer.json.</summary>
/// <param name="ByteLevel">Tokens are spelled in the byte alphabet.</param>
/// <param name="Replacements">Fixed texts to replace in each token, in order.</param>
/// <param name="ByteFallback">Tokens such as <c>&lt;0xE4&gt;</c> are one byte.</param>
/// <param name="LeadingSpaces">How many spaces are taken off the beginning of the text, at most.</param>
internal sealed record DecoderPlan(bool ByteLevel, IReadOnlyList<(string Pattern, string Content)> Replacements, bool ByteFallback, int LeadingSpaces)
{
    /// <summary>
    /// Tokens that begin with it go on with a word, all others begin one and get a space before them; null where tokens hold their
    /// spaces. The clean-up of spaces around punctuation is left out: it would need the text behind a token.
    /// </summary>
    public string? WordPrefix { get; private init; }

    private static DecoderPlan Nothing { get; } = new(false, [], false, 0);

    public static DecoderPlan Read(JsonNode? node)
    {
        JsonNode decoder = node ?? throw new ModelFormatException("tokenizer.json", "'decoder' is missing");
        return decoder.GetText("type") == "Sequence"
            ? decoder.Get("decoders").Items().Aggregate(Nothing, (plan, step) => plan.With(step))
            : Nothing.With(decoder);
    }

    /// <summary>The bytes that a token stands for; they need not be whole characters.</summary>
    public byte[] BytesOf(ReadOnlySpan<byte> token)
    {
        if (ByteLevel)
        {
            // added tokens may use characters outside the alphabet: they stand for themselves
            byte[] bytes = new byte[token.Length];
            return ByteAlphabet.TryGetBytes(token, bytes, out int written) ? bytes[..written] : token.ToArray();
        }

        if (ByteFallback && token is [(byte)'<', (byte)'0', (byte)'x', byte high, byte low, (byte)'>']
            && char.IsAsciiHexDigit((char)high) && char.IsAsciiHexDigit((char)low))
        {
            return Convert.FromHexString([(char)high, (char)low]);
        }

        string text = Encoding.UTF8.GetString(token);
        if (WordPrefix is not null)
        {
            text = text.StartsWith(WordPrefix, StringComparison.Ordinal) ? text[WordPrefix.Length..] : $" {text}";
        }

        foreach ((string pattern, string content) in Replacements)
        {
            text = text.Replace(pattern, content, StringComparison.Ordinal);
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private DecoderPlan With(JsonNode step)
    {
        string type = step.GetText("type");
        return type switch
        {
            "ByteLevel" => this with { ByteLevel = true },
            "ByteFallback" => this with { ByteFallback = true },
            "Fuse" => this,
            "Replace" => this with { Replacements = [.. Replacements, (NormalizerReader.FixedPattern(step), step.GetText("content"))] },
            "Metaspace" => this with { Replacements = [.. Replacements, (step.GetText("replacement"), " ")], LeadingSpaces = MetaspacePrefix(step) },
            "WordPiece" => this with { WordPrefix = step.GetText("prefix"), LeadingSpaces = 1 },
            "Strip" => this with { LeadingSpaces = StripStart(step) },
            _ => throw step.Wrong($"the decoder '{type}' is not supported; ByteLevel, ByteFallback, Fuse, Replace, Metaspace, WordPiece and Strip are"),
        };
    }

    private static int MetaspacePrefix(JsonNode step) => step.Find("prepend_scheme")?.AsText() == "never" ? 0 : 1;

    private static int StripStart(JsonNode step) =>
        step.GetText("content") == " " && step.Get("stop").AsInt() == 0
            ? step.Get("start").AsInt()
            : throw step.Wrong("only Strip of spaces at the start is supported");
}
