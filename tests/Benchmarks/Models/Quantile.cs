namespace DeepSeekOrleans.Benchmarks.Models;

internal static class Quantile
{
    /// <param name="share">0 is the least value, 0.5 the median, 1 the largest.</param>
    public static double Of(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round(share * (sorted.Length - 1), MidpointRounding.AwayFromZero)];
    }
}
