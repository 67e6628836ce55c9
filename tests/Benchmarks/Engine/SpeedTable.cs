using System.Globalization;
using DeepSeekOrleans.Benchmarks.Machine;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>Prints what was measured of one shape, and which goals it meets.</summary>
internal static class SpeedTable
{
    private static readonly double[] DecodeGoals = [1.0, 1.0, 1.0, 1.4, 1.4, 1.8];

    private const double PrefillGoal = 3.0;

    public static void Print(TextWriter output, string title, BandwidthProbe memory, IReadOnlyList<SpeedRow> rows)
    {
        string[] columns = [.. SpeedRow.Batches.Select(batch => $"decode {batch}"), .. SpeedRow.Prompts.Select(length => $"prefill {length}")];
        output.WriteLine();
        output.WriteLine(Invariant($"{title}: tokens/s; memory reads {memory.Read / 1e9:F1} GB/s, triad {memory.Triad / 1e9:F1} GB/s"));
        output.WriteLine();
        output.WriteLine($"| form | MB/step | {string.Join(" | ", columns)} | of the limit at 1 |");
        output.WriteLine($"|---|---|{string.Concat(columns.Select(_ => "---|"))}---|");
        foreach (SpeedRow row in rows)
        {
            double limit = memory.Read / row.StepBytes;
            output.WriteLine(Invariant(
                $"| {row.Form} | {row.StepBytes / 1e6:F0} | {Cells(row.Decode, "F1")} | {Cells(row.Prefill, "F0")} | {row.Decode[0] / limit:P0} |"));
            output.WriteLine(Invariant(
                $"| bandwidth limit of {row.Form} | | {Cells(SpeedRow.Batches.Select(batch => batch * limit), "F0")} | {Cells(SpeedRow.Prompts.Select(_ => double.NaN), "F0")} | |"));
        }

        PrintRatios(output, columns, rows);
    }

    private static void PrintRatios(TextWriter output, string[] columns, IReadOnlyList<SpeedRow> rows)
    {
        SpeedRow[] ours = [.. rows.Where(row => !row.IsPeer)];
        SpeedRow[] peers = [.. rows.Where(row => row.IsPeer)];
        if (ours.Length == 0 || peers.Length == 0)
        {
            return;
        }

        output.WriteLine();
        for (int column = 0; column < columns.Length; column++)
        {
            int index = column;
            SpeedRow best = ours.MaxBy(row => Value(row, index))!;
            SpeedRow peer = peers.MaxBy(row => Value(row, index))!;
            double ratio = Value(best, column) / Value(peer, column);
            double goal = column < DecodeGoals.Length ? DecodeGoals[column] : PrefillGoal;
            output.WriteLine(Invariant(
                $"{columns[column]}: {best.Form} is {ratio:F2}x of {peer.Form} (goal {goal:F1}x{(ratio >= goal ? "" : ", MISSED")})"));
        }
    }

    private static double Value(SpeedRow row, int column) => column < row.Decode.Length ? row.Decode[column] : row.Prefill[column - row.Decode.Length];

    private static string Cells(IEnumerable<double> values, string format) =>
        string.Join(" | ", values.Select(value => double.IsNaN(value) ? "" : value.ToString(format, CultureInfo.InvariantCulture)));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
