namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>An estimate that follows measurements, in ticks; unknown before the first.</summary>
internal readonly record struct MeasuredCost
{
    // A quarter: one outlier moves an estimate by at most a quarter of itself (observations count twice the estimate at most), and
    // a lasting change is followed within ten steps.
    private const double Weight = 0.25;

    // What costs nothing by the clock costs this much, so that it can be known and be scaled.
    private const double Least = 1e-3;

    public bool IsKnown => Value > 0;

    /// <summary>0 while it is unknown.</summary>
    public double Value { get; private init; }

    public MeasuredCost With(double observed)
    {
        double cost = Math.Max(observed, Least);
        return new MeasuredCost { Value = IsKnown ? Value + (Weight * (Math.Min(cost, 2 * Value) - Value)) : cost };
    }

    public MeasuredCost Times(double factor) => new() { Value = Value * factor };

    /// <summary>The nearest known entries; both are the index itself where that is known, and lie outside where there is none.</summary>
    public static (int Below, int Above) Neighbours(ReadOnlySpan<MeasuredCost> costs, int index)
    {
        int below = index;
        int above = index;
        while (below >= 0 && !costs[below].IsKnown)
        {
            below--;
        }

        while (above < costs.Length && !costs[above].IsKnown)
        {
            above++;
        }

        return (below, above);
    }
}
