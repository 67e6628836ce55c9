using System.Diagnostics;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Engine.Onnx.Devices;

namespace DeepSeekOrleans.Benchmarks.Gpu;

/// <summary>What the memory of a GPU gives: a copy within it, several times larger than its caches.</summary>
internal static class CopyProbe
{
    private const long Bytes = 1L << 30;
    private const int Rounds = 10;

    /// <returns>Bytes per second, read and written together.</returns>
    public static double Measure(int device)
    {
        ITensorDevice gpu = ExecutionProviders.Device(new OnnxRunnerOptions { Provider = ExecutionProviders.Cuda, DeviceId = device });
        using DeviceBuffer source = new(gpu, Bytes);
        using DeviceBuffer target = new(gpu, Bytes);
        double[] seconds = new double[Rounds];
        for (int round = -1; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            gpu.CopyRows(target.Address(0, Bytes), source.Address(0, Bytes), Bytes / 1024, rows: 1024, stride: Bytes / 1024);
            if (round >= 0)
            {
                seconds[round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }

        return 2 * Bytes / Quantile.Of(seconds, 0);
    }
}
