namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>What chunks of a few lengths were measured to cost, in ticks of the caller's clock, and what those between them may.</summary>
internal sealed class ChunkCosts
{
    // Longer contexts and a busier machine concern all sizes alike, an estimate that was wrong its own size only; nothing tells the
    // two apart, so half of a change is taken to be common.
    private const double CommonPart = 0.5;

    private readonly int[] _sizes;
    private readonly MeasuredCost[] _costs;

    public ChunkCosts(int shortest, int longest)
    {
        _sizes = Sizes(Math.Min(shortest, longest), longest);
        _costs = new MeasuredCost[_sizes.Length];
    }

    public int Shortest => _sizes[0];

    public int Longest => _sizes[^1];

    /// <summary>Of one token in the longest chunk that was measured; 0 before the first.</summary>
    public double TokenCost
    {
        get
        {
            int longest = Array.FindLastIndex(_costs, cost => cost.IsKnown);
            return longest < 0 ? 0 : _costs[longest].Value / _sizes[longest];
        }
    }

    /// <summary>Notes what a chunk has cost; one of another length than these says nothing.</summary>
    public void Took(int tokens, double cost)
    {
        int size = Array.IndexOf(_sizes, tokens);
        if (size < 0)
        {
            return;
        }

        MeasuredCost before = _costs[size];
        MeasuredCost after = before.With(cost);
        if (before.IsKnown)
        {
            double common = 1 + (CommonPart * ((after.Value / before.Value) - 1));
            for (int other = 0; other < _costs.Length; other++)
            {
                _costs[other] = _costs[other].Times(common);
            }
        }

        _costs[size] = after;
    }

    /// <summary>What a chunk of exactly this length was measured to cost; 0 where none was.</summary>
    public double Known(int tokens) => Array.IndexOf(_sizes, tokens) is >= 0 and var size ? _costs[size].Value : 0;

    /// <summary>The longest chunk that costs no more than <paramref name="budget"/>; the shortest where none does.</summary>
    public int LongestWithin(double budget)
    {
        int size = 0;
        while (size + 1 < _sizes.Length && Cost(size + 1) <= budget)
        {
            size++;
        }

        return _sizes[size];
    }

    /// <summary>Even lengths with a factor of 1.5 or less between neighbours, from the shortest to the longest, which need not be even.</summary>
    private static int[] Sizes(int shortest, int longest)
    {
        List<int> sizes = [shortest];
        for (int size = shortest; size < longest;)
        {
            size = Math.Min(longest, Math.Max(size + 1, size * 3 / 2 / 2 * 2));
            sizes.Add(size);
        }

        return [.. sizes];
    }

    /// <summary>
    /// Measured, or on the line between the nearest sizes that were. With one neighbour alone, the most that a cost of a fixed and a
    /// proportional part can be.
    /// </summary>
    private double Cost(int size)
    {
        (int below, int above) = MeasuredCost.Neighbours(_costs, size);
        return (below, above) switch
        {
            _ when below == above => _costs[size].Value,
            ( < 0, _) => above < _sizes.Length ? _costs[above].Value : 0,
            _ when above == _sizes.Length => _costs[below].Value * _sizes[size] / _sizes[below],
            _ => _costs[below].Value
                + ((_costs[above].Value - _costs[below].Value) * (_sizes[size] - _sizes[below]) / (_sizes[above] - _sizes[below])),
        };
    }
}
