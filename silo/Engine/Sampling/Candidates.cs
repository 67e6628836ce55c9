using System.Numerics;

namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// The tokens that min-p, top-k and top-p leave, found without sorting the vocabulary: weights above a falling threshold are
/// gathered until the rules can be satisfied, then a quickselect cuts off the rest.
/// </summary>
internal sealed class Candidates(int vocabulary)
{
    // The likeliest token weighs 1. A sixteenth holds all that most distributions need; each further pass reaches 16 times lower.
    private const float FirstThreshold = 1f / 16;
    private const float ThresholdStep = 1f / 16;
    private const float LastThreshold = 1e-12f;

    private readonly Candidate[] _gathered = new Candidate[vocabulary];
    private readonly double[] _blockSums = new double[(vocabulary + Weights.Block - 1) / Weights.Block];
    private int _count;
    private double _mass;

    public ReadOnlySpan<Candidate> Kept => _gathered.AsSpan(0, _count);

    /// <summary>Applies the rules; false when none is on and every token stays.</summary>
    /// <param name="weights">The likeliest token's is 1.</param>
    /// <param name="total">Their sum.</param>
    public bool Select(ReadOnlySpan<float> weights, double total, SamplingParameters sampling)
    {
        int limit = sampling.TopK > 0 ? Math.Min(sampling.TopK, weights.Length) : weights.Length;
        bool limited = limit < weights.Length;
        bool nucleus = sampling.TopP < 1;
        if (sampling.MinP > 0)
        {
            Gather(weights, Math.Min(sampling.MinP, 1));
        }
        else if (limited)
        {
            GatherUntil(weights, limit, double.PositiveInfinity);
        }
        else if (nucleus)
        {
            GatherUntil(weights, int.MaxValue, sampling.TopP * total);
            Cut(int.MaxValue, sampling.TopP * total);
            return true;
        }
        else
        {
            return false;
        }

        Cut(limit, double.PositiveInfinity);
        if (nucleus)
        {
            Cut(int.MaxValue, sampling.TopP * _mass);
        }

        return true;
    }

    /// <summary>Draws one of the kept tokens in proportion to its weight, as <see cref="Weights.Draw"/> does, whatever their order.</summary>
    public int Draw(ulong seed, ulong position)
    {
        Array.Clear(_blockSums);
        foreach (Candidate candidate in Kept)
        {
            _blockSums[candidate.Token / Weights.Block] += candidate.Weight;
        }

        int block = Race.Among(Race.Runners.Blocks, seed, position, first: 0, _blockSums);
        Span<double> smallSums = stackalloc double[Weights.Block / Weights.SmallBlock];
        smallSums.Clear();
        foreach (Candidate candidate in Kept)
        {
            if (candidate.Token / Weights.Block == block)
            {
                smallSums[candidate.Token % Weights.Block / Weights.SmallBlock] += candidate.Weight;
            }
        }

        int smallBlock = Race.Among(Race.Runners.SmallBlocks, seed, position, first: block * smallSums.Length, smallSums);
        Race tokens = new(Race.Runners.Tokens, seed, position);
        foreach (Candidate candidate in Kept)
        {
            if (candidate.Token / Weights.SmallBlock == smallBlock)
            {
                tokens.Enter(candidate.Token, candidate.Weight);
            }
        }

        return tokens.Winner;
    }

    /// <summary>Lowers the threshold until enough tokens or enough mass lie above it.</summary>
    private void GatherUntil(ReadOnlySpan<float> weights, int enoughTokens, double enoughMass)
    {
        float threshold = FirstThreshold;
        Gather(weights, threshold);
        while (_count < enoughTokens && _mass < enoughMass && threshold > 0)
        {
            threshold = threshold > LastThreshold ? threshold * ThresholdStep : 0;
            Gather(weights, threshold);
        }
    }

    private void Gather(ReadOnlySpan<float> weights, float threshold)
    {
        _count = 0;
        _mass = 0;
        int width = Vector<float>.Count;
        var thresholds = new Vector<float>(threshold);
        int start = 0;
        for (; start <= weights.Length - width; start += width)
        {
            if (Vector.GreaterThanOrEqualAny(new Vector<float>(weights[start..]), thresholds))
            {
                GatherOneByOne(weights, start, start + width, threshold);
            }
        }

        GatherOneByOne(weights, start, weights.Length, threshold);
    }

    /// <summary>Without a branch: near the threshold it would be mispredicted every second time.</summary>
    private void GatherOneByOne(ReadOnlySpan<float> weights, int start, int end, float threshold)
    {
        int count = _count;
        double mass = _mass;
        for (int token = start; token < end; token++)
        {
            float weight = weights[token];
            bool isKept = weight >= threshold;
            _gathered[count] = new Candidate(token, weight);
            count += isKept ? 1 : 0;
            mass += isKept ? weight : 0;
        }

        _count = count;
        _mass = mass;
    }

    /// <summary>
    /// Keeps the shortest run of the likeliest candidates that has <paramref name="limit"/> tokens or <paramref name="enoughMass"/>;
    /// all of them when there is no such run.
    /// </summary>
    private void Cut(int limit, double enoughMass)
    {
        if (_count < limit && _mass < enoughMass)
        {
            return;
        }

        int low = 0;
        int high = _count;
        double massBelow = 0;
        double massKept = _mass;
        while (low < high)
        {
            // The cut lies above low and at or below high; what is before low is kept, what is from high on is dropped.
            int pivot = CandidateOrder.Partition(_gathered.AsSpan(low, high - low)) + low;
            double massToPivot = massBelow + MassOf(low, pivot + 1);
            if (pivot + 1 >= limit || massToPivot >= enoughMass)
            {
                massKept = massToPivot;
                _count = pivot + 1;
                high = pivot;
            }
            else
            {
                massBelow = massToPivot;
                low = pivot + 1;
            }
        }

        _mass = massKept;
    }

    private double MassOf(int start, int end)
    {
        double mass = 0;
        for (int i = start; i < end; i++)
        {
            mass += _gathered[i].Weight;
        }

        return mass;
    }
}
