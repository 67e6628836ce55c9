namespace DeepSeekOrleans.Engine.Embedding;

/// <summary>
/// Which texts are computed together: those of like length, because every row of a batch is as long as its longest. Order of arrival
/// decides only who is in the round at all; a round is computed whole before the next one is taken.
/// </summary>
internal static class BatchPlan
{
    /// <summary>A row may be padded to this many times its length; beyond, a batch of its own is cheaper.</summary>
    private const int MaxStretch = 2;

    /// <summary>Sorts the texts by length and cuts them into batches.</summary>
    /// <returns>Ranges of the sorted list that cover it.</returns>
    public static List<Range> Cut(List<WaitingText> texts, EmbeddingOptions options)
    {
        texts.Sort((left, right) => left.Ids.Length.CompareTo(right.Ids.Length));
        List<Range> batches = [];
        int start = 0;
        for (int i = 1; i <= texts.Count; i++)
        {
            if (i == texts.Count || !Fits(texts[start].Ids.Length, texts[i].Ids.Length, i - start + 1, options))
            {
                batches.Add(start..i);
                start = i;
            }
        }

        return batches;
    }

    private static bool Fits(int shortest, int longest, int count, EmbeddingOptions options) =>
        count <= options.MaxBatch && (long)count * longest <= options.MaxBatchTokens && longest <= MaxStretch * shortest;
}
