namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>Cuts numbers into groups: <c>\p{N}{1,3}</c> of DeepSeek-V3, single digits, or whole runs. The text between stays whole.</summary>
internal sealed class DigitSplitter(int maxDigits) : IWordSplitter
{
    public const string ThreeDigitsPattern = @"\p{N}{1,3}";

    private static readonly KindSet NoNumbers = KindSet.AllBut(CharacterKind.Number);

    /// <summary>The end of the group of at most <paramref name="maxDigits"/> numbers that <paramref name="text"/> begins with.</summary>
    public static int Group(ReadOnlySpan<char> text, int maxDigits)
    {
        int end = 0;
        for (int digits = 0; digits < maxDigits && end < text.Length; digits++)
        {
            if (text.KindAt(end, out int width) != CharacterKind.Number)
            {
                break;
            }

            end += width;
        }

        return end;
    }

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        int group = Group(text, maxDigits);
        return group > 0 ? group : text.RunEnd(0, NoNumbers);
    }
}
