namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// The probabilities of a whole vocabulary up to a common factor: the likeliest token weighs 1. Sums are in double precision: in
/// single precision a long tail is lost in the rounding, and the border of top-p moves by several tokens with the width of the
/// machine's vectors.
/// </summary>
internal sealed class Weights(int vocabulary)
{
    // 4 kB: the passes over a block stay in the first-level cache, and a draw looks at one block instead of the vocabulary.
    public const int Block = 1024;

    // a race costs a random number and a logarithm for each that runs: among 32 and then among 32 instead of among 1,024
    public const int SmallBlock = 32;

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

    /// <summary>Draws a token in proportion to its weight: a block, a small block of it, and a token of that.</summary>
    public int Draw(ulong seed, ulong position)
    {
        int block = Race.Among(Race.Runners.Blocks, seed, position, first: 0, _blockSums);
        Span<double> smallSums = stackalloc double[Block / SmallBlock];
        int smallBlocks = (BlockAt(block).Length + SmallBlock - 1) / SmallBlock;
        for (int small = 0; small < smallBlocks; small++)
        {
            smallSums[small] = SumOf(SmallBlockAt((block * smallSums.Length) + small));
        }

        int smallBlock = Race.Among(Race.Runners.SmallBlocks, seed, position, first: block * smallSums.Length, smallSums[..smallBlocks]);
        Race tokens = new(Race.Runners.Tokens, seed, position);
        ReadOnlySpan<float> weights = SmallBlockAt(smallBlock);
        for (int token = 0; token < weights.Length; token++)
        {
            tokens.Enter((smallBlock * SmallBlock) + token, weights[token]);
        }

        return tokens.Winner;
    }

    private static double SumOf(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        foreach (float weight in weights)
        {
            sum += weight;
        }

        return sum;
    }

    private ReadOnlySpan<float> SmallBlockAt(int number) =>
        _weights.AsSpan(number * SmallBlock, Math.Min(SmallBlock, _weights.Length - (number * SmallBlock)));

    private Span<float> BlockAt(int block) => _weights.AsSpan(block * Block, Math.Min(Block, _weights.Length - (block * Block)));
}
