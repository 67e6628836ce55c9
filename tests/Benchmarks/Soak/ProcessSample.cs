using System.Diagnostics;

namespace DeepSeekOrleans.Benchmarks.Soak;

/// <summary>What the process holds after a full collection.</summary>
internal readonly record struct ProcessSample(TimeSpan At, double HeapMegabytes, double ResidentMegabytes, int Threads)
{
    private const double Megabyte = 1 << 20;

    public static ProcessSample Take(TimeSpan at)
    {
        double heap = GC.GetTotalMemory(forceFullCollection: true) / Megabyte;
        using var process = Process.GetCurrentProcess();
        return new ProcessSample(at, heap, process.WorkingSet64 / Megabyte, process.Threads.Count);
    }

    /// <summary>The median of each figure over the samples of one stretch of time.</summary>
    public static ProcessSample Median(IReadOnlyList<ProcessSample> samples) => new(
        samples[samples.Count / 2].At,
        samples.Select(sample => sample.HeapMegabytes).Order().ElementAt(samples.Count / 2),
        samples.Select(sample => sample.ResidentMegabytes).Order().ElementAt(samples.Count / 2),
        samples.Select(sample => sample.Threads).Order().ElementAt(samples.Count / 2));
}
