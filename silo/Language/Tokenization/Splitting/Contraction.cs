namespace DeepSeekOrleans.Language.Tokenization.Splitting;

/// <summary>The English contractions at the head of the GPT-2 family's patterns: <c>'s|'t|'re|'ve|'m|'ll|'d</c>.</summary>
internal static class Contraction
{
    /// <summary>Folds to s without regard to case, and so matches <c>(?i:'s)</c>.</summary>
    private const char LongS = '\u017F';

    /// <summary>The length of the contraction at the start of <paramref name="text"/>, or 0.</summary>
    public static int Length(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        char first = Fold(text[1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        char second = text.Length > 2 ? Fold(text[2], ignoreCase) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static char Fold(char unit, bool ignoreCase) => unit switch
    {
        >= 'A' and <= 'Z' when ignoreCase => (char)(unit | 0x20),
        LongS when ignoreCase => 's',
        _ => unit,
    };
}
