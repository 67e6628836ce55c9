using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

public sealed class MergerTests
{
    [Theory]
    [InlineData(2, 40)]
    [InlineData(3, 300)]
    [InlineData(12, 2000)]
    public void Merge_RandomMergesAndWords_LongShortAndTextbookAgree(int letters, int mergeCount)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            List<Merge> merges = MakeMerges(letters, mergeCount, random);
            MergeTable table = MergeTable.Build(merges);
            int[] word = [.. Enumerable.Range(0, random.Next(1, ShortWordMerger.MaxSymbols + 1)).Select(_ => random.Next(letters))];
            int[] longer = [.. Enumerable.Range(0, 300).Select(_ => random.Next(letters))];

            Assert.Equal(Textbook(word, merges), Short(word, table));
            Assert.Equal(Textbook(word, merges), Long(word, table));
            Assert.Equal(Textbook(longer, merges), Long(longer, table));
        }
    }

    [Fact]
    public void Merge_ResultMergesBeforeItsParts_LowerRankGoesFirst()
    {
        // rank 0 needs token 2, which only rank 1 makes
        List<Merge> merges = [new(2, 2, 3), new(0, 1, 2)];
        int[] word = [.. Enumerable.Range(0, 60).Select(index => index % 2)];

        Assert.Equal(Textbook(word, merges), Long(word, MergeTable.Build(merges)));
    }

    private static List<Merge> MakeMerges(int letters, int count, Random random)
    {
        List<Merge> merges = [];
        HashSet<(int, int)> pairs = [];
        int tokens = letters;
        for (int i = 0; i < count; i++)
        {
            (int left, int right) = (random.Next(tokens), random.Next(tokens));
            if (pairs.Add((left, right)))
            {
                merges.Add(new Merge(left, right, tokens++));
            }
        }

        return merges;
    }

    private static int[] Short(int[] word, MergeTable table)
    {
        int[] symbols = [.. word];
        return symbols[..ShortWordMerger.Merge(symbols, table)];
    }

    private static int[] Long(int[] word, MergeTable table)
    {
        int[] symbols = [.. word];
        return symbols[..new LongWordMerger(table).Merge(symbols)];
    }

    // the lowest rank anywhere, leftmost first, one merge at a time
    private static List<int> Textbook(int[] word, List<Merge> merges)
    {
        List<int> symbols = [.. word];
        while (true)
        {
            (int rank, int at) best = (int.MaxValue, -1);
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = merges.FindIndex(merge => merge.Left == symbols[i] && merge.Right == symbols[i + 1]);
                best = rank >= 0 && rank < best.rank ? (rank, i) : best;
            }

            if (best.at < 0)
            {
                return symbols;
            }

            symbols[best.at] = merges[best.rank].Result;
            symbols.RemoveAt(best.at + 1);
        }
    }
}
