namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>
/// The pattern of Qwen2, Qwen3 and Llama 3, which differ in how many digits stand together:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.
/// </summary>
internal sealed class TiktokenSplitter(int maxDigits) : IWordSplitter
{
    public const string SingleDigitPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string ThreeDigitsPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly KindSet Letters = KindSet.Of(CharacterKind.Letter);
    private static readonly KindSet Others = KindSet.AllBut(CharacterKind.Space, CharacterKind.Letter, CharacterKind.Number);

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        int contraction = Contraction.Length(text, ignoreCase: true);
        if (contraction > 0)
        {
            return contraction;
        }

        CharacterKind kind = text.KindAt(0, out int width);
        if (kind == CharacterKind.Number)
        {
            return DigitSplitter.Group(text, maxDigits);
        }

        int word = kind == CharacterKind.Letter || text[0] is '\r' or '\n' ? 0 : width;
        if (word < text.Length && text.KindAt(word, out _) == CharacterKind.Letter)
        {
            return text.RunEnd(word, Letters);
        }

        int others = text[0] == ' ' ? 1 : 0;
        if (others < text.Length && Others.Contains(text.KindAt(others, out _)))
        {
            int end = text.RunEnd(others, Others);
            return LineEnds.RunEnd(text, end);
        }

        return Whitespace.FirstPieceWithLineEnds(text);
    }
}

/// <summary><c>[\r\n]*</c></summary>
internal static class LineEnds
{
    public static int RunEnd(ReadOnlySpan<char> text, int from)
    {
        int length = text[from..].IndexOfAnyExcept('\r', '\n');
        return length < 0 ? text.Length : from + length;
    }
}
