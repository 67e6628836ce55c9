namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>
/// One pass of a pre-tokenizer. The patterns of the model families are written out by hand: each looks at a character a bounded
/// number of times, so that no text can make it slow, which a backtracking regular expression cannot promise.
/// </summary>
internal interface IWordSplitter
{
    /// <summary>The length of the first piece of <paramref name="text"/>, at least 1. No pattern looks back, so the rest is enough.</summary>
    int FirstPiece(ReadOnlySpan<char> text);
}
