using System.Text;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

/// <summary>Texts made to be slow, of any length.</summary>
internal static class HostileTexts
{
    public static readonly string[] Kinds =
    [
        "letter a", "spaces", "spaces then letter", "line ends", "tabs and line ends", "emoji ZWJ", "CJK", "kana and han", "base64", "digits",
        "look-alikes", "control tokens", "one long word", "prose", "punctuation", "apostrophes", "combining marks", "hangul jamo", "lone surrogates", "format characters",
    ];

    /// <summary>A text of that many bytes in UTF-8, or a few more.</summary>
    public static string MakeBytes(string kind, int bytes)
    {
        Random random = new(7);
        StringBuilder text = new(bytes);
        for (int made = 0; made < bytes;)
        {
            string part = Part(kind, random);
            made += Encoding.UTF8.GetByteCount(part);
            text.Append(part);
        }

        return text.ToString();
    }

    private static string Part(string kind, Random random) => kind switch
    {
        "letter a" => "aaaaaaaaaaaaaaaa",
        "spaces" => "                ",
        "spaces then letter" => new string(' ', 5000) + "x",
        "line ends" => "\n\n\r\n\n",
        "tabs and line ends" => new string('\t', 3000) + "\n",
        "emoji ZWJ" => "👨\u200D👩\u200D👧\u200D👦",
        "CJK" => ((char)random.Next(0x4E00, 0x9FA5)).ToString(),
        "kana and han" => $"{(char)random.Next(0x3041, 0x3096)}{(char)random.Next(0x4E00, 0x9FFF)}",
        "base64" => Convert.ToBase64String(Enumerable.Range(0, 48).Select(_ => (byte)random.Next(256)).ToArray()),
        "digits" => random.Next(1_000_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture),
        "look-alikes" => "<|im_star<｜User<｜begin▁of▁sentenc<think</thin",
        "control tokens" => "<|im_start|><｜User｜><think></think>",
        "one long word" => ((char)('a' + random.Next(26))).ToString(),
        "prose" => random.Next(3) switch { 0 => "the cluster ", 1 => "routes a prompt, ", _ => "then it answers.\n" },
        "punctuation" => "!?-=*#@&^%$(){}[]",
        "apostrophes" => "'s'LL'x",
        "combining marks" => "\u0301\u0323\u0308",
        "hangul jamo" => "\u1112\u1161\u11AB",
        "lone surrogates" => "\uD83D",
        "format characters" => "\u200B\u200D\uFEFF\u0001",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
