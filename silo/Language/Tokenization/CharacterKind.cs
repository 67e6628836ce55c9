using System.Globalization;
using System.Text;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>The Unicode classes that pre-tokenizer patterns ask for; each character is in one of them.</summary>
internal enum CharacterKind : byte
{
    Other,
    Letter,
    Mark,
    Number,
    Punctuation,
    Symbol,

    /// <summary>The property White_Space, which is what <c>\s</c> means; line ends are among them.</summary>
    Space,
}

internal static class CharacterKinds
{
    private static readonly CharacterKind[] BasicPlane = Build();

    /// <summary>The kind of the character at <paramref name="at"/>, and its width in UTF-16 units (1 or 2).</summary>
    public static CharacterKind KindAt(this ReadOnlySpan<char> text, int at, out int width)
    {
        char unit = text[at];
        if (char.IsHighSurrogate(unit) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
        {
            width = 2;
            return Classify(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(unit, text[at + 1])));
        }

        width = 1;
        return BasicPlane[unit];
    }

    /// <summary>The end of the run of characters from <paramref name="from"/> whose kinds are all in <paramref name="kinds"/>.</summary>
    public static int RunEnd(this ReadOnlySpan<char> text, int from, KindSet kinds)
    {
        while (from < text.Length && kinds.Contains(text.KindAt(from, out int width)))
        {
            from += width;
        }

        return from;
    }

    private static CharacterKind[] Build()
    {
        CharacterKind[] kinds = new CharacterKind[char.MaxValue + 1];
        for (int unit = 0; unit < kinds.Length; unit++)
        {
            kinds[unit] = char.IsWhiteSpace((char)unit) ? CharacterKind.Space : Classify(CharUnicodeInfo.GetUnicodeCategory((char)unit));
        }

        return kinds;
    }

    private static CharacterKind Classify(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterKind.Letter,
        <= UnicodeCategory.EnclosingMark => CharacterKind.Mark,
        <= UnicodeCategory.OtherNumber => CharacterKind.Number,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => CharacterKind.Punctuation,
        >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol => CharacterKind.Symbol,
        _ => CharacterKind.Other,
    };
}

/// <summary>A set of kinds, as in a bracket of a pattern.</summary>
internal readonly record struct KindSet(int Bits)
{
    public static KindSet Of(params ReadOnlySpan<CharacterKind> kinds)
    {
        int bits = 0;
        foreach (CharacterKind kind in kinds)
        {
            bits |= 1 << (int)kind;
        }

        return new KindSet(bits);
    }

    public static KindSet AllBut(params ReadOnlySpan<CharacterKind> kinds) => new(~Of(kinds).Bits);

    public bool Contains(CharacterKind kind) => (Bits & (1 << (int)kind)) != 0;
}
