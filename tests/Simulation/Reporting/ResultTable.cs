using System.Globalization;

namespace DeepSeekOrleans.Simulation.Reporting;

/// <summary>Results as a Markdown table.</summary>
internal static class ResultTable
{
    public static void Write(TextWriter output, double objective, IEnumerable<PolicyResult> results)
    {
        output.WriteLine(
            "| workers | policy | within SLO, requests/s | first token in time | TTFT mean, s | p50 | p90 | p99 "
            + "| hit rate | of one infinite cache | max/mean load | routing, µs (p99) |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (PolicyResult result in results)
        {
            RunMeasurements run = result.Run;
            string perSecond = result.PerSecond is { } found ? Number(found, "F2") : "-";
            output.WriteLine(string.Join(
                " | ",
                $"| {result.Workers:N0}",
                result.Policy,
                perSecond,
                Number(run.Within(objective), "P1"),
                Number(run.MeanFirstToken, "F2"),
                Number(run.FirstToken(0.5), "F2"),
                Number(run.FirstToken(0.9), "F2"),
                Number(run.FirstToken(0.99), "F2"),
                Number(run.HitRate, "P1"),
                result.InfiniteHitRate == 0 ? "-" : Number(result.ShareOfInfinite, "P0"),
                Number(run.Imbalance, "F2"),
                $"{Number(run.RoutingMicroseconds, "F1")} ({Number(run.RoutingP99Microseconds, "F1")}) |"));
        }
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
