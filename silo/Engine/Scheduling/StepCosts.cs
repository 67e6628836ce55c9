namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// What chunks and decode runs were measured to cost on this machine, and how long a chunk may therefore be beside running streams.
/// Costs are in ticks of the caller's clock; nothing depends on them but the length of chunks, so no answer does.
/// </summary>
internal sealed class StepCosts
{
    // Where every run is joined, nothing else tells what the rows of one cost: the machine may have become busier since they were alone.
    // One step in so many goes without a chunk; it is no loss to anybody but the prompt, whose next chunk comes a decode run later.
    private const int JoinedRunsInARow = 8;

    // A run took longer than its rows and its chunk were known to cost. A busier machine concerns both, a longer context mostly the chunk.
    private const double CommonPart = 0.1;

    private readonly double _share;
    private readonly ChunkCosts _alone;
    private readonly ChunkCosts _beside;
    private readonly MeasuredCost[] _rows;
    private int _joinedInARow;

    /// <param name="slots">The most rows of a decode run.</param>
    /// <param name="shortest">The chunk that is always granted, so that every prompt gets on.</param>
    /// <param name="longest">The chunk that is granted where nobody decodes.</param>
    /// <param name="share">The cost of a chunk as a part of the decode run beside it.</param>
    public StepCosts(int slots, int shortest, int longest, double share)
    {
        _share = share;
        _alone = new ChunkCosts(shortest, longest);
        _beside = new ChunkCosts(shortest, longest);
        _rows = new MeasuredCost[slots + 1];
    }

    public int ShortestChunk => _alone.Shortest;

    public int LongestChunk => _alone.Longest;

    /// <summary>A chunk beside decode rows is computed with them, and costs what it adds to them.</summary>
    public bool JoinsRuns { get; set; }

    /// <inheritdoc cref="ChunkCosts.TokenCost"/>
    public double TokenCost => _alone.TokenCost;

    /// <summary>Of one more row in a decode run, between the fewest and the most rows that were measured; 0 while that is one number.</summary>
    public double MoreRowCost
    {
        get
        {
            int fewest = Array.FindIndex(_rows, cost => cost.IsKnown);
            int most = Array.FindLastIndex(_rows, cost => cost.IsKnown);
            return fewest == most ? 0 : Math.Max((_rows[most].Value - _rows[fewest].Value) / (most - fewest), 0);
        }
    }

    public void ChunkTook(int tokens, double cost) => _alone.Took(tokens, cost);

    public void RowsTook(int rows, double cost)
    {
        _rows[rows] = _rows[rows].With(cost);
        _joinedInARow = 0;
    }

    /// <summary>A joined run has taken so long; what is above the cost of its rows is the chunk's.</summary>
    public void JoinedTook(int tokens, int rows, double cost)
    {
        _joinedInARow++;
        if (RowCost(rows) is not { IsKnown: true } known)
        {
            return;
        }

        double expected = known.Value + _beside.Known(tokens);
        double common = 1 + (expected > known.Value ? CommonPart * (Math.Min(cost / expected, 2) - 1) : 0);
        if (_rows[rows].IsKnown)
        {
            _rows[rows] = _rows[rows].With(known.Value * common);
        }

        _beside.Took(tokens, cost - (known.Value * common));
    }

    /// <summary>The rows are to be run without a chunk, so that their cost stays known.</summary>
    public bool WantsRowsAlone => JoinsRuns && _joinedInARow >= JoinedRunsInARow;

    /// <summary>The longest chunk that costs no more than the share of a decode run over so many rows; never less than the shortest.</summary>
    /// <param name="rows">0 when nobody decodes.</param>
    public int ChunkBeside(int rows)
    {
        if (rows == 0 || RowCost(rows) is not { IsKnown: true } decode)
        {
            return LongestChunk;
        }

        return (JoinsRuns ? _beside : _alone).LongestWithin(_share * decode.Value);
    }

    /// <summary>Measured, or the least that it can be by the nearest numbers of rows that were.</summary>
    private MeasuredCost RowCost(int rows)
    {
        (int below, int above) = MeasuredCost.Neighbours(_rows, rows);
        return below >= 0 ? _rows[below]
            : above < _rows.Length ? _rows[above].Times((double)rows / above)
            : default;
    }
}
