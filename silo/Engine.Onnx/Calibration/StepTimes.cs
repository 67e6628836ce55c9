using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Calibration;

/// <summary>How long decode steps of several graphs take on this CPU, which take turns so that other load meets all of them.</summary>
public static class StepTimes
{
    private const int Past = 16;
    private const int Rounds = 21;

    /// <param name="graphFiles">Graphs in slot form.</param>
    /// <param name="rowCounts">Sequences in a step.</param>
    /// <returns>For each graph, the median milliseconds of a step with each number of rows.</returns>
    /// <exception cref="ModelFormatException">A graph cannot be loaded.</exception>
    public static double[][] Measure(IReadOnlyList<string> graphFiles, IReadOnlyList<int> rowCounts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(graphFiles);
        ArgumentNullException.ThrowIfNull(rowCounts);
        using DenormalMode mode = DenormalMode.Flush();
        List<SlotRunner> runners = [];
        try
        {
            foreach (string graphFile in graphFiles)
            {
                runners.Add(Open(graphFile, rowCounts.Max()));
            }

            double[][][] byRows = [.. rowCounts.Select(rows => Measure(runners, rows, cancellationToken))];
            return [.. runners.Select((_, graph) => Array.ConvertAll(byRows, times => Median(times[graph])))];
        }
        finally
        {
            runners.ForEach(runner => runner.Dispose());
        }
    }

    private static double[][] Measure(List<SlotRunner> runners, int rows, CancellationToken cancellationToken)
    {
        double[][] times = [.. runners.Select(_ => new double[Rounds])];
        int[] tokens = new int[rows];
        int[] positions = new int[rows];
        Array.Fill(positions, Past);
        float[] logits = new float[rows * runners.Max(runner => runner.Shape.Vocabulary)];
        for (int round = -1; round < Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < runners.Count; i++)
            {
                long start = TimeProvider.System.GetTimestamp();
                runners[i].Decode(tokens, positions, logits.AsSpan(0, rows * runners[i].Shape.Vocabulary));
                if (round >= 0)
                {
                    // the round before the first binds and warms up
                    times[i][round] = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
                }
            }
        }

        return times;
    }

    private static SlotRunner Open(string graphFile, int slots)
    {
        OnnxRunnerOptions options = new() { Slots = slots, ContextLength = 2 * Past, MaxPrefillChunk = Past };
        InferenceSession session = OnnxModel.Open(graphFile, options);
        SlotRunner runner = new(session, SlotGraph.Read(session, graphFile), options, HostDevice.Instance);
        runner.Prefill(0, 0, new int[Past], []);
        for (int slot = 1; slot < slots; slot++)
        {
            runner.CopySlot(0, slot, Past);
        }

        return runner;
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return times[times.Length / 2];
    }
}
