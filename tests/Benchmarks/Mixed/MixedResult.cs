using DeepSeekOrleans.Benchmarks.Models;

namespace DeepSeekOrleans.Benchmarks.Mixed;

/// <param name="Seconds">From the submission of the first request to the last token of the last.</param>
/// <param name="FirstTokens">Milliseconds from submission, or when one at a time from the request's turn, to the first token.</param>
internal sealed record MixedResult(string Name, int NewTokens, double Seconds, double[] FirstTokens)
{
    public double Rate => NewTokens / Seconds;

    public string ToRow() => FormattableString.Invariant(
        $"| {Name} | {Rate:F1} | {Seconds:F1} | {Quantile.Of(FirstTokens, 0.5):F0} | {Quantile.Of(FirstTokens, 0.95):F0} |");
}
