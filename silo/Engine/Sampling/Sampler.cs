using System.Numerics;
using System.Numerics.Tensors;

namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// Chooses the next token of a row: bias and penalties, then either the largest logit, or temperature, min-p, top-k and top-p, each
/// on what the one before has left, and a draw. Equal logits are ordered by token id, the lowest first.
/// </summary>
internal sealed class Sampler(int vocabulary)
{
    /// <summary>No token can be chosen: a logit is not a number or infinite, or every token is excluded.</summary>
    public const int NoToken = -1;

    private readonly Weights _weights = new(vocabulary);
    private readonly Candidates _candidates = new(vocabulary);

    /// <param name="logits">[vocabulary]; changed in place. Minus infinity excludes a token.</param>
    /// <param name="adjustments">Null when the sequence has none.</param>
    /// <param name="position">The index of the token in the output.</param>
    /// <returns>The token's id, or <see cref="NoToken"/>.</returns>
    public int Sample(Span<float> logits, SamplingParameters sampling, LogitAdjustments? adjustments, int position)
    {
        adjustments?.Apply(logits);

        // One logit that is not a number makes the maximum none.
        float largest = TensorPrimitives.Max<float>(logits);
        if (!float.IsFinite(largest))
        {
            return NoToken;
        }

        if (sampling.Temperature <= 0)
        {
            return FirstIndexOf(largest, logits);
        }

        _weights.Fill(logits, largest, sampling.Temperature);
        return _candidates.Select(_weights.All, _weights.Total, sampling)
            ? _candidates.Draw(sampling.Seed, (ulong)position)
            : _weights.Draw(sampling.Seed, (ulong)position);
    }

    /// <summary>Maximum and search take half the time of TensorPrimitives.IndexOfMax, which tells 0 from -0 besides.</summary>
    private static int FirstIndexOf(float value, ReadOnlySpan<float> logits)
    {
        int width = Vector<float>.Count;
        var wanted = new Vector<float>(value);
        int start = 0;
        while (start <= logits.Length - width && !Vector.EqualsAny(new Vector<float>(logits[start..]), wanted))
        {
            start += width;
        }

        while (logits[start] != value)
        {
            start++;
        }

        return start;
    }
}
