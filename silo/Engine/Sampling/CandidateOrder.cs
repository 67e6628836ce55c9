namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>A token and its weight, relative to the likeliest token's 1.</summary>
internal readonly record struct Candidate(int Token, float Weight);

/// <summary>The order of candidates: the likeliest first, equal ones by token id. It has no ties.</summary>
internal static class CandidateOrder
{
    public static bool IsBefore(in Candidate a, in Candidate b) => (a.Weight > b.Weight) | ((a.Weight == b.Weight) & (a.Token < b.Token));

    /// <summary>Puts one element at its place in the order, what comes before it below and what comes after it above.</summary>
    /// <returns>The place.</returns>
    public static int Partition(Span<Candidate> span)
    {
        int last = span.Length - 1;
        MedianToEnd(span);
        Candidate pivot = span[last];
        int place = 0;
        for (int i = 0; i < last; i++)
        {
            // Swapped in any case: on random weights a branch is mispredicted every second time, which costs more than the swap.
            Candidate candidate = span[i];
            span[i] = span[place];
            span[place] = candidate;
            place += IsBefore(candidate, pivot) ? 1 : 0;
        }

        (span[place], span[last]) = (span[last], span[place]);
        return place;
    }

    /// <summary>Puts the median of first, middle and last at the end: the usual guard against sorted input.</summary>
    private static void MedianToEnd(Span<Candidate> span)
    {
        ref Candidate first = ref span[0];
        ref Candidate middle = ref span[span.Length / 2];
        ref Candidate last = ref span[^1];
        if (IsBefore(last, first))
        {
            (first, last) = (last, first);
        }

        // Now first comes before last: the median is middle if it lies between them, else the one nearer to it.
        if (IsBefore(middle, first))
        {
            (first, last) = (last, first);
        }
        else if (IsBefore(middle, last))
        {
            (middle, last) = (last, middle);
        }
    }
}
