namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// Philox4x32-10, the counter-based random source of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
/// (SC 2011). It keeps no state: the number at a position depends on seed and position only, so that any engine can continue a
/// sequence from anywhere.
/// </summary>
internal static class Philox
{
    // The constants and the number of rounds are the paper's.
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>A number of one position: uniform in [0, 1), with 53 random bits.</summary>
    /// <param name="item">Tells the numbers of a position apart, with <paramref name="kind"/>.</param>
    public static double Uniform(ulong seed, ulong position, uint item = 0, uint kind = 0)
    {
        (uint high, uint low, _, _) = Block((uint)position, (uint)(position >> 32), item, kind, (uint)seed, (uint)(seed >> 32));
        ulong bits = ((ulong)high << 32) | low;
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    internal static (uint X0, uint X1, uint X2, uint X3) Block(uint x0, uint x1, uint x2, uint x3, uint key0, uint key1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * x0;
            ulong product1 = (ulong)Multiplier1 * x2;
            (x0, x1, x2, x3) = ((uint)(product1 >> 32) ^ x1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ x3 ^ key1, (uint)product0);
            key0 += Weyl0;
            key1 += Weyl1;
        }

        return (x0, x1, x2, x3);
    }
}
