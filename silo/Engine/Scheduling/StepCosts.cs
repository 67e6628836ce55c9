namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// What chunks and decode runs were measured to cost on this machine, and how long a chunk may therefore be beside running streams.
/// Costs are in ticks of the caller's clock; nothing depends on them but the length of chunks, so no answer does.
/// </summary>
internal sealed class StepCosts
{
    private const double Unknown = -1;

    // A quarter: one outlier moves an estimate by at most a quarter of itself (observations count twice the estimate at most), and
    // a lasting change is followed within ten steps.
    private const double Weight = 0.25;

    // Longer contexts and a busier machine concern all sizes alike, an estimate that was wrong its own size only; nothing tells the
    // two apart, so half of a change is taken to be common.
    private const double CommonPart = 0.5;

    private readonly double _share;
    private readonly int[] _sizes;
    private readonly double[] _chunkCosts;
    private readonly double[] _rowCosts;

    /// <param name="slots">The most rows of a decode run.</param>
    /// <param name="shortest">The chunk that is always granted, so that every prompt gets on.</param>
    /// <param name="longest">The chunk that is granted where nobody decodes.</param>
    /// <param name="share">The cost of a chunk as a part of the decode run beside it.</param>
    public StepCosts(int slots, int shortest, int longest, double share)
    {
        _share = share;
        _sizes = Sizes(Math.Min(shortest, longest), longest);
        _chunkCosts = new double[_sizes.Length];
        _rowCosts = new double[slots + 1];
        Array.Fill(_chunkCosts, Unknown);
        Array.Fill(_rowCosts, Unknown);
    }

    public int ShortestChunk => _sizes[0];

    public int LongestChunk => _sizes[^1];

    /// <summary>Of one token in the longest chunk that was measured; 0 before the first.</summary>
    public double TokenCost
    {
        get
        {
            int longest = Array.FindLastIndex(_chunkCosts, cost => cost != Unknown);
            return longest < 0 ? 0 : _chunkCosts[longest] / _sizes[longest];
        }
    }

    /// <summary>Of one more row in a decode run, between the fewest and the most rows that were measured; 0 while that is one number.</summary>
    public double MoreRowCost
    {
        get
        {
            int fewest = Array.FindIndex(_rowCosts, cost => cost != Unknown);
            int most = Array.FindLastIndex(_rowCosts, cost => cost != Unknown);
            return fewest == most ? 0 : Math.Max((_rowCosts[most] - _rowCosts[fewest]) / (most - fewest), 0);
        }
    }

    public void ChunkTook(int tokens, double cost)
    {
        int size = Array.IndexOf(_sizes, tokens);
        if (size < 0)
        {
            return;
        }

        double before = _chunkCosts[size];
        double after = Smoothed(before, cost);
        if (before > 0)
        {
            double common = 1 + (CommonPart * ((after / before) - 1));
            for (int other = 0; other < _chunkCosts.Length; other++)
            {
                _chunkCosts[other] *= _chunkCosts[other] == Unknown ? 1 : common;
            }
        }

        _chunkCosts[size] = after;
    }

    public void RowsTook(int rows, double cost) => _rowCosts[rows] = Smoothed(_rowCosts[rows], cost);

    /// <summary>The longest chunk that costs no more than the share of a decode run over so many rows; never less than the shortest.</summary>
    /// <param name="rows">0 when nobody decodes.</param>
    public int ChunkBeside(int rows)
    {
        double decode = rows == 0 ? Unknown : RowCost(rows);
        if (decode == Unknown)
        {
            return LongestChunk;
        }

        int size = 0;
        while (size + 1 < _sizes.Length && ChunkCost(size + 1) <= _share * decode)
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

    private static double Smoothed(double before, double cost) =>
        before <= 0 ? cost : before + (Weight * (Math.Min(cost, 2 * before) - before));

    /// <summary>
    /// Measured, or on the line between the nearest sizes that were. With one neighbour alone, the most that a cost of a fixed and a
    /// proportional part can be.
    /// </summary>
    private double ChunkCost(int size)
    {
        (int below, int above) = Neighbours(_chunkCosts, size);
        return (below, above) switch
        {
            _ when below == above => _chunkCosts[size],
            ( < 0, _) => above < _sizes.Length ? _chunkCosts[above] : 0,
            _ when above == _sizes.Length => _chunkCosts[below] * _sizes[size] / _sizes[below],
            _ => _chunkCosts[below]
                + ((_chunkCosts[above] - _chunkCosts[below]) * (_sizes[size] - _sizes[below]) / (_sizes[above] - _sizes[below])),
        };
    }

    /// <summary>Measured, or the least that it can be by the nearest numbers of rows that were.</summary>
    private double RowCost(int rows)
    {
        (int below, int above) = Neighbours(_rowCosts, rows);
        return below >= 0 ? _rowCosts[below]
            : above < _rowCosts.Length ? _rowCosts[above] * rows / above
            : Unknown;
    }

    /// <summary>The nearest known entries; both are the index itself where that is known.</summary>
    private static (int Below, int Above) Neighbours(double[] costs, int index)
    {
        int below = index;
        int above = index;
        while (below >= 0 && costs[below] == Unknown)
        {
            below--;
        }

        while (above < costs.Length && costs[above] == Unknown)
        {
            above++;
        }

        return (below, above);
    }
}
