namespace DeepSeekOrleans.Robustness.Histories;

/// <summary>How a text that should equal another one differs from it.</summary>
internal static class TextDifference
{
    // a longer piece is taken for the same text, a shorter one may be chance
    private const int Telling = 8;
    private const int Shown = 24;

    /// <summary>Null when they are equal.</summary>
    public static string? Describe(string expected, string actual)
    {
        if (expected == actual)
        {
            return null;
        }

        int same = 0;
        while (same < expected.Length && same < actual.Length && expected[same] == actual[same])
        {
            same++;
        }

        string rest = actual[same..];
        string piece = rest[..Math.Min(Telling, rest.Length)];
        string kind = rest.Length == 0 ? "lost its end"
            : piece.Length == Telling && expected.IndexOf(piece, same, StringComparison.Ordinal) >= 0 ? "lost tokens"
            : piece.Length == Telling && expected[..same].Contains(piece, StringComparison.Ordinal) ? "doubled tokens"
            : "foreign tokens";
        return $"{kind} at character {same} of {expected.Length}: '{Cut(rest)}' for '{Cut(expected[same..])}'";
    }

    private static string Cut(string text) => text.Length <= Shown ? text : text[..Shown] + "...";
}
