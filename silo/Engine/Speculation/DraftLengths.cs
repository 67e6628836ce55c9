namespace DeepSeekOrleans.Engine.Speculation;

/// <summary>How many tokens are worth drafting.</summary>
internal static class DraftLengths
{
    public const int Longest = 7;

    // The hit rate is an estimate, and so are the costs: what promises less than this is not tried.
    private const double LeastGain = 1.1;

    /// <summary>With the newest token each makes an even number, which chunks are padded to.</summary>
    public static ReadOnlySpan<int> Tried => [1, 3, Longest];

    /// <summary>
    /// The length that promises most tokens for the time: a run over k drafted tokens gives 1 + p + ... + p^k of them, where p is the
    /// chance of each to be right after those before.
    /// </summary>
    /// <returns>0 when a decode row promises as much.</returns>
    public static int Best(double hitRate, int limit, VerificationCosts costs)
    {
        int best = 0;
        double most = LeastGain;
        double tokens = 1;
        double power = 1;
        int length = 0;
        foreach (int tried in Tried)
        {
            for (; length < Math.Min(tried, limit); length++)
            {
                power *= hitRate;
                tokens += power;
            }

            double gain = tokens / costs.InDecodeRows(tried);
            if (gain > most && length > best)
            {
                most = gain;
                best = length;
            }
        }

        return best;
    }
}
