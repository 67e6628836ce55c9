namespace DeepSeekOrleans.Simulation.Reporting;

/// <summary>One line of a table.</summary>
/// <param name="PerSecond">Throughput within the objective; null where it was not searched for.</param>
/// <param name="InfiniteHitRate">What one cache that forgets nothing would reach on the same requests.</param>
internal sealed record PolicyResult(string Policy, int Workers, double? PerSecond, RunMeasurements Run, double InfiniteHitRate)
{
    public double ShareOfInfinite => InfiniteHitRate == 0 ? 0 : Run.HitRate / InfiniteHitRate;
}
