namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>DeepSeek-V3's second pass: runs of Han characters and kana stand alone, <c>[一-龥぀-ゟ゠-ヿ]+</c>.</summary>
internal sealed class CjkSplitter : IWordSplitter
{
    public const string Pattern = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        bool cjk = IsCjk(text[0]);
        int end = 1;
        while (end < text.Length && IsCjk(text[end]) == cjk)
        {
            end++;
        }

        return end;
    }

    private static bool IsCjk(char unit) => unit is (>= '\u4e00' and <= '\u9fa5') or (>= '\u3040' and <= '\u30ff');
}
