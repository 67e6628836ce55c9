namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary><c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>: what ByteLevel does by itself.</summary>
internal sealed class Gpt2Splitter : IWordSplitter
{
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly KindSet Letters = KindSet.Of(CharacterKind.Letter);
    private static readonly KindSet Numbers = KindSet.Of(CharacterKind.Number);
    private static readonly KindSet Others = KindSet.AllBut(CharacterKind.Space, CharacterKind.Letter, CharacterKind.Number);

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        int contraction = Contraction.Length(text, ignoreCase: false);
        if (contraction > 0)
        {
            return contraction;
        }

        int start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        return text.KindAt(start, out _) switch
        {
            CharacterKind.Space => Whitespace.FirstPiece(text),
            CharacterKind.Letter => text.RunEnd(start, Letters),
            CharacterKind.Number => text.RunEnd(start, Numbers),
            _ => text.RunEnd(start, Others),
        };
    }
}
