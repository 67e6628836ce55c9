namespace DeepSeekOrleans.Robustness.Histories;

/// <summary>How long the readers of answers that moved waited for their next token.</summary>
internal static class MovedGaps
{
    /// <summary>
    /// For each moved answer and each fault while it was under way: the longest pause between two pieces that ends after the fault and
    /// before the next one, counted from the fault. A piece that was on its way when the fault struck does not shorten it so.
    /// </summary>
    /// <returns>Milliseconds, ascending.</returns>
    public static List<double> Of(History history)
    {
        List<double> gaps = [];
        foreach (RequestHistory request in history.Requests.Values.Where(request => request.Moves > 0))
        {
            // with fewer moves than faults it is not known which of them hit this answer: the longest pauses are its own
            gaps.AddRange(Pauses(request, history.Faults).OrderDescending().Take(request.Moves));
        }

        gaps.Sort();
        return gaps;
    }

    /// <summary>The value that a share of the gaps does not exceed; 0 without gaps.</summary>
    public static double Quantile(IReadOnlyList<double> ascending, double share) =>
        ascending.Count == 0 ? 0 : ascending[Math.Min(ascending.Count - 1, (int)(share * ascending.Count))];

    private static IEnumerable<double> Pauses(RequestHistory request, List<HistoryEvent> faults)
    {
        for (int fault = 0; fault < faults.Count; fault++)
        {
            double begin = faults[fault].At;
            double end = fault + 1 < faults.Count ? faults[fault + 1].At : double.MaxValue;
            if (request.Chunks.Count > 0 && request.Chunks[0].At < begin && request.Chunks[^1].At > begin)
            {
                yield return Longest(request.Chunks, begin, end);
            }
        }
    }

    private static double Longest(List<HistoryEvent> chunks, double begin, double end)
    {
        double longest = 0;
        for (int next = 1; next < chunks.Count; next++)
        {
            if (chunks[next].At > begin && chunks[next - 1].At < end)
            {
                longest = Math.Max(longest, chunks[next].At - Math.Max(begin, chunks[next - 1].At));
            }
        }

        return longest;
    }
}
