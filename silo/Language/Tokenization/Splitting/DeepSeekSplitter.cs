namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>
/// DeepSeek-V3's third pass. Characters that no alternative takes (controls, joiners before a non-letter, numbers that the first
/// pass has cut) stay together as a piece of their own.
/// </summary>
internal sealed class DeepSeekSplitter : IWordSplitter
{
    public const string Pattern =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

    private static readonly KindSet WordParts = KindSet.Of(CharacterKind.Letter, CharacterKind.Mark);
    private static readonly KindSet Signs = KindSet.Of(CharacterKind.Punctuation, CharacterKind.Symbol);
    private static readonly KindSet Untaken = KindSet.Of(CharacterKind.Other, CharacterKind.Number);

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        int asciiWord = AsciiSignAndWord(text);
        if (asciiWord > 0)
        {
            return asciiWord;
        }

        CharacterKind kind = text.KindAt(0, out int width);
        bool mayLead = !WordParts.Contains(kind) && !Signs.Contains(kind) && text[0] is not ('\r' or '\n');
        int word = mayLead ? width : 0;
        if (IsAt(text, word, WordParts))
        {
            return text.RunEnd(word, WordParts);
        }

        int signs = text[0] == ' ' ? 1 : 0;
        if (IsAt(text, signs, Signs))
        {
            return LineEnds.RunEnd(text, text.RunEnd(signs, Signs));
        }

        return kind == CharacterKind.Space ? Whitespace.FirstPieceWithLineEnds(text) : UntakenRun(text);
    }

    private static bool IsAt(ReadOnlySpan<char> text, int at, KindSet kinds) => at < text.Length && kinds.Contains(text.KindAt(at, out _));

    private static int AsciiSignAndWord(ReadOnlySpan<char> text)
    {
        bool sign = char.IsAscii(text[0]) && Signs.Contains(text.KindAt(0, out _));
        if (!sign || text.Length < 2 || !char.IsAsciiLetter(text[1]))
        {
            return 0;
        }

        int end = 2;
        while (end < text.Length && char.IsAsciiLetter(text[end]))
        {
            end++;
        }

        return end;
    }

    private static int UntakenRun(ReadOnlySpan<char> text)
    {
        int end = 0;
        while (end < text.Length && Untaken.Contains(text.KindAt(end, out int width)))
        {
            // before a letter the character is that word's first
            if (end > 0 && IsAt(text, end + width, WordParts))
            {
                break;
            }

            end += width;
        }

        return end;
    }
}
