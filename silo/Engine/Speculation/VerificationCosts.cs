namespace DeepSeekOrleans.Engine.Speculation;

/// <summary>
/// What runs that verify a draft were measured to cost beside a decode run of one row. Nothing depends on it but the length of drafts,
/// so no answer does.
/// </summary>
internal sealed class VerificationCosts
{
    // as in the costs of steps: an outlier counts twice the estimate at most, and a lasting change is followed within ten runs
    private const double Weight = 0.25;

    private readonly double[] _costs = new double[DraftLengths.Tried.Length];
    private double _row;

    public void RowTook(double cost) => _row = Smoothed(_row, cost);

    /// <param name="drafted">1 to <see cref="DraftLengths.Longest"/>; it counts for the next length that is tried.</param>
    public void Took(int drafted, double cost)
    {
        ref double known = ref _costs[IndexOf(drafted)];
        known = Smoothed(known, cost);
    }

    /// <summary>1 while nothing was measured, as on a clock that stands still.</summary>
    public double InDecodeRows(int drafted)
    {
        double cost = _costs[IndexOf(drafted)];
        return cost > 0 && _row > 0 ? cost / _row : 1;
    }

    private static int IndexOf(int drafted)
    {
        int index = 0;
        while (DraftLengths.Tried[index] < drafted)
        {
            index++;
        }

        return index;
    }

    private static double Smoothed(double before, double cost) =>
        before <= 0 ? cost : before + (Weight * (Math.Min(cost, 2 * before) - before));
}
