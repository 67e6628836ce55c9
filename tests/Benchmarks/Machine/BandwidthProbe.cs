using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DeepSeekOrleans.Benchmarks.Machine;

/// <summary>
/// What the memory gives, after the manner of STREAM: each thread goes through arrays of its own, several times larger than its share
/// of the last cache; the best round counts.
/// </summary>
/// <param name="Read">Bytes per second that are read and only summed: the limit of a decode step, which reads every weight once.</param>
/// <param name="Triad">Bytes per second of a = b + s c, two reads and a write.</param>
internal sealed record BandwidthProbe(double Read, double Triad)
{
    private const int Rounds = 8;
    private const int ArrayLength = 32 << 20;

    public static BandwidthProbe Measure(int threads)
    {
        float[][] arrays = [.. Enumerable.Range(0, 3 * threads).Select(index =>
        {
            float[] array = GC.AllocateUninitializedArray<float>(ArrayLength);
            array.AsSpan().Fill(index);
            return array;
        })];
        const double ArrayBytes = ArrayLength * (double)sizeof(float);
        double read = 3 * threads * ArrayBytes / Best(threads, thread =>
        {
            for (int i = 0; i < 3; i++)
            {
                Sum(arrays[(3 * thread) + i]);
            }
        });
        double triad = 3 * threads * ArrayBytes / Best(threads, thread =>
            TensorPrimitives.MultiplyAdd(arrays[(3 * thread) + 2], 3f, arrays[(3 * thread) + 1], arrays[3 * thread]));
        return new BandwidthProbe(read, triad);
    }

    /// <summary>Seconds of the fastest round of all threads together.</summary>
    private static double Best(int threads, Action<int> work)
    {
        double best = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            Thread[] workers = [.. Enumerable.Range(0, threads).Select(thread => new Thread(() => work(thread)))];
            long start = Stopwatch.GetTimestamp();
            foreach (Thread worker in workers)
            {
                worker.Start();
            }

            foreach (Thread worker in workers)
            {
                worker.Join();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    // Four sums at once, so that no addition waits for the one before it. Compiled in full at once: the first form of a hot loop is slower
    // than the memory. Not inlined, or the unused sum would be left out.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float[] array)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        ref float first = ref array[0];
        for (nuint i = 0; i < ArrayLength; i += 64)
        {
            a += Vector512.LoadUnsafe(ref first, i);
            b += Vector512.LoadUnsafe(ref first, i + 16);
            c += Vector512.LoadUnsafe(ref first, i + 32);
            d += Vector512.LoadUnsafe(ref first, i + 48);
        }

        return Vector512.Sum(a + b + (c + d));
    }
}
