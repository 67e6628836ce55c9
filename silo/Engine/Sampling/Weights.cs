namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// The probabilities of a whole vocabulary up to a common factor: the likeliest token weighs 1. Sums are in double precision: in
/// single precision a long tail is lost in the rounding, and the border of top-p moves by several tokens with the width of the
/// machine's vectors.
/// </summary>
internal sealed class Weights(int vocabulary)
{
    // 4 kB: the passes over a block stay in the first-level cache, and a draw walks one block instead of the vocabulary.
    private const int Block = 1024;

    private readonly float[] _weights = new float[vocabulary];
    private readonly double[] _blockSums = new double[(vocabulary + Block - 1) / Block];

    public ReadOnlySpan<float> All => _weights;

    public double Total { get; private set; }

    /// <summary>exp((logit - largest) / temperature) of every logit.</summary>
    public void Fill(ReadOnlySpan<float> logits, float largest, float temperature)
    {
        // The reciprocal of the smallest temperatures overflows; with the largest number they are as greedy as can be.
        float factor = Math.Min(1 / temperature, float.MaxValue);
        Total = 0;
        for (int block = 0; block < _blockSums.Length; block++)
        {
            int start = block * Block;
            Span<float> weights = BlockAt(block);
            _blockSums[block] = Exponential.Fill(logits.Slice(start, weights.Length), largest, factor, weights);
            Total += _blockSums[block];
        }
    }

    /// <summary>Draws a token in proportion to its weight.</summary>
    /// <param name="uniform">In [0, 1).</param>
    public int Draw(double uniform)
    {
        double target = uniform * Total;
        double before = 0;
        int last = 0;
        for (int block = 0; block < _blockSums.Length; block++)
        {
            if (before + _blockSums[block] > target)
            {
                return Walk(block, target - before);
            }

            before += _blockSums[block];
            last = _blockSums[block] > 0 ? block : last;
        }

        // Only rounding leads here: the last token with a weight.
        return Walk(last, double.PositiveInfinity);
    }

    /// <summary>The first token of the block whose running sum exceeds the target; the last with a weight when none does.</summary>
    private int Walk(int block, double target)
    {
        ReadOnlySpan<float> weights = BlockAt(block);
        double sum = 0;
        int last = 0;
        for (int i = 0; i < weights.Length && sum <= target; i++)
        {
            sum += weights[i];
            last = weights[i] > 0 ? i : last;
        }

        return (block * Block) + last;
    }

    private Span<float> BlockAt(int block) => _weights.AsSpan(block * Block, Math.Min(Block, _weights.Length - (block * Block)));
}
