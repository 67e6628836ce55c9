namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>The whitespace alternatives that the patterns share.</summary>
internal static class Whitespace
{
    private static readonly KindSet Spaces = KindSet.Of(CharacterKind.Space);

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c> on a text that begins with whitespace.</summary>
    public static int FirstPieceWithLineEnds(ReadOnlySpan<char> text)
    {
        int end = text.RunEnd(0, Spaces);
        int lineEnd = text[..end].LastIndexOfAny('\r', '\n');
        return lineEnd >= 0 ? lineEnd + 1 : LeaveLast(text, end);
    }

    /// <summary><c>\s+(?!\S)|\s+</c> on a text that begins with whitespace.</summary>
    public static int FirstPiece(ReadOnlySpan<char> text) => LeaveLast(text, text.RunEnd(0, Spaces));

    // the last space before a word belongs to the word
    private static int LeaveLast(ReadOnlySpan<char> text, int end) => end == text.Length || end == 1 ? end : end - 1;
}
