namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>Cuts before each space mark, so that a mark is the first character of its word.</summary>
internal sealed class MetaspaceSplitter(char mark) : IWordSplitter
{
    public int FirstPiece(ReadOnlySpan<char> text)
    {
        int next = text[1..].IndexOf(mark);
        return next < 0 ? text.Length : next + 1;
    }
}
