using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.Language.Tokenization.Splitting;

namespace DeepSeekOrleans.Language.WordPiece;

/// <summary>
/// Cuts at white space and makes each punctuation mark a piece of its own. White space comes out as a piece too; a
/// <see cref="WordPieceModel"/> has no token for it.
/// </summary>
internal sealed class BertSplitter : IWordSplitter
{
    private static readonly KindSet Spaces = KindSet.Of(CharacterKind.Space);

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        int end = text.RunEnd(0, Spaces);
        if (end > 0)
        {
            return end;
        }

        while (end < text.Length && !EndsWord(text, end, out int width))
        {
            end += width;
        }

        // a piece that would be empty begins with a mark
        return end > 0 ? end : char.IsSurrogate(text[0]) ? 2 : 1;
    }

    private static bool EndsWord(ReadOnlySpan<char> text, int at, out int width) =>
        text.KindAt(at, out width) is CharacterKind.Space or CharacterKind.Punctuation || char.IsAscii(text[at]) && char.IsSymbol(text[at]);
}
