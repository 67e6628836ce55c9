namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>Merges a word of a few symbols: scan for the lowest rank, join, repeat. Quadratic, so only for short words.</summary>
internal static class ShortWordMerger
{
    /// <summary>Up to here the scan is faster than the lists of <see cref="LongWordMerger"/>.</summary>
    public const int MaxSymbols = 48;

    /// <summary>Merges in place; returns how many tokens at the front of <paramref name="symbols"/> are left.</summary>
    public static int Merge(Span<int> symbols, MergeTable merges)
    {
        Span<int> ranks = stackalloc int[MaxSymbols];
        int count = symbols.Length;
        for (int i = 0; i + 1 < count; i++)
        {
            ranks[i] = merges.RankOf(symbols[i], symbols[i + 1]);
        }

        while (LowestRank(ranks[..Math.Max(0, count - 1)]) is int at and >= 0)
        {
            symbols[at] = merges[ranks[at]].Result;
            symbols[(at + 2)..count].CopyTo(symbols[(at + 1)..]);
            ranks[(at + 1)..(count - 1)].CopyTo(ranks[at..]);
            count--;
            if (at + 1 < count)
            {
                ranks[at] = merges.RankOf(symbols[at], symbols[at + 1]);
            }

            if (at > 0)
            {
                ranks[at - 1] = merges.RankOf(symbols[at - 1], symbols[at]);
            }
        }

        return count;
    }

    private static int LowestRank(ReadOnlySpan<int> ranks)
    {
        int lowest = -1;
        for (int i = 0; i < ranks.Length; i++)
        {
            if (ranks[i] != MergeTable.NoMerge && (lowest < 0 || ranks[i] < ranks[lowest]))
            {
                lowest = i;
            }
        }

        return lowest;
    }
}
