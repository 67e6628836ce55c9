namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>Rounds blocks of weights to few bits, w = scale * q, with the scale that leaves the least squared error of those tried.</summary>
internal static class BlockRounding
{
    // How far from the obvious scale, which lets the largest weight become -8, others are tried: in both directions, in these steps.
    private const int Trials = 5;
    private const float Step = 0.15f;

    /// <summary>To -8 to 7, written as 0 to 15.</summary>
    /// <returns>The scale.</returns>
    public static float ToFourBits(ReadOnlySpan<float> weights, Span<byte> codes)
    {
        float extreme = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(weights);
        float bestScale = 0;
        float bestGain = -1;
        float bestInverse = 0;
        for (int trial = -Trials; trial <= Trials && extreme != 0; trial++)
        {
            float inverse = (-8 + (Step * trial)) / extreme;
            (float product, float square) = Sums(weights, inverse);

            // With the best scale for these whole numbers, the squared error is the sum of squares less this.
            float gain = square > 0 ? product * product / square : 0;
            if (gain > bestGain)
            {
                (bestGain, bestScale, bestInverse) = (gain, product / square, inverse);
            }
        }

        for (int i = 0; i < weights.Length; i++)
        {
            codes[i] = (byte)(Nearest(weights[i] * bestInverse) + 8);
        }

        return bestScale;
    }

    /// <summary>To -127 to 127, written as 1 to 255. A block that was in 8 bits with a scale of its own stays what it was.</summary>
    /// <returns>The scale.</returns>
    public static float ToEightBits(ReadOnlySpan<float> weights, Span<byte> codes)
    {
        float scale = Math.Abs(System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(weights)) / 127;
        float inverse = scale > 0 ? 1 / scale : 0;
        for (int i = 0; i < weights.Length; i++)
        {
            codes[i] = (byte)((int)MathF.Round(weights[i] * inverse) + 128);
        }

        return scale;
    }

    private static (float Product, float Square) Sums(ReadOnlySpan<float> weights, float inverse)
    {
        float product = 0;
        float square = 0;
        foreach (float weight in weights)
        {
            int q = Nearest(weight * inverse);
            product += weight * q;
            square += q * q;
        }

        return (product, square);
    }

    private static int Nearest(float value) => Math.Clamp((int)MathF.Round(value), -8, 7);
}
