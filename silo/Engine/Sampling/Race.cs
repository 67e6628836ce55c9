namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// Chooses one of several in proportion to their weights: each runs for an exponentially distributed time whose mean is the reciprocal
/// of its weight, from a random number of its own, and the first to arrive wins (the exponential form of the Gumbel-max trick; Maddison,
/// Tarlow and Minka, "A* Sampling", NIPS 2014, section 2). Weights that differ in their last bits, as after a prompt that another kernel
/// has read, name another winner only where two arrive at the same time to these bits. A number that is looked up in the running sums of
/// the weights would meet a border of one of them: <c>SamplerTests</c> saw it do so in 15 of 5,000 draws from a flat distribution over 4,096.
/// </summary>
internal struct Race(Race.Runners runners, ulong seed, ulong position)
{
    private double _first = double.PositiveInfinity;

    /// <summary>What runs. Each kind has random numbers of its own.</summary>
    public enum Runners : uint
    {
        Tokens,
        Blocks,
        SmallBlocks,
    }

    /// <summary>Whoever arrives first so far; -1 before anybody has a weight.</summary>
    public int Winner { get; private set; } = -1;

    /// <param name="first">The name of the first one.</param>
    /// <returns>The name of the winner.</returns>
    public static int Among(Runners runners, ulong seed, ulong position, int first, ReadOnlySpan<double> weights)
    {
        Race race = new(runners, seed, position);
        for (int i = 0; i < weights.Length; i++)
        {
            race.Enter(first + i, weights[i]);
        }

        return race.Winner;
    }

    /// <param name="weight">Zero takes no part.</param>
    public void Enter(int runner, double weight)
    {
        if (weight <= 0)
        {
            return;
        }

        double time = -Math.Log(1 - Philox.Uniform(seed, position, (uint)runner, (uint)runners)) / weight;
        if (time < _first)
        {
            (_first, Winner) = (time, runner);
        }
    }
}
