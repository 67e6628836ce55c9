using System.Diagnostics;
using System.Globalization;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Benchmarks.GrainCalls;

/// <summary>Empty calls between grains of one silo, between two silos of one process, and from a client.</summary>
public static class GrainCallBenchmark
{
    private const int WarmUpCalls = 50_000;
    private const int Rounds = 3;

    private static readonly TimeSpan RoundLength = TimeSpan.FromSeconds(1);

    /// <summary>Prints one line per way and number of callers: the best of three rounds of one second each, after a warm-up.</summary>
    public static async Task RunAsync(TextWriter output)
    {
        await using InProcessTestCluster cluster = new InProcessTestClusterBuilder(2).Build();
        await cluster.DeployAsync();
        (ICallBenchGrain near, ICallBenchGrain sameSilo, ICallBenchGrain otherSilo) = await FindGrainsAsync(cluster.Client);

        await output.WriteLineAsync("way                  callers      calls/s   p50 us   p99 us");
        foreach (int callers in new[] { 1, 8, 32 })
        {
            await PrintBestAsync(output, "grain, same silo", callers, () => near.MeasureAsync(sameSilo, callers, RoundLength));
            await PrintBestAsync(output, "grain, other silo", callers, () => near.MeasureAsync(otherSilo, callers, RoundLength));
            await PrintBestAsync(output, "client", callers, () => CallLoop.RunAsync(sameSilo, callers, RoundLength));
        }
    }

    /// <summary>Three grains, the first two on one silo.</summary>
    private static async Task<(ICallBenchGrain Near, ICallBenchGrain SameSilo, ICallBenchGrain OtherSilo)> FindGrainsAsync(IClusterClient client)
    {
        ICallBenchGrain near = client.GetGrain<ICallBenchGrain>("0");
        string home = await near.SiloAsync();
        ICallBenchGrain? same = null;
        ICallBenchGrain? other = null;
        for (int i = 1; same is null || other is null; i++)
        {
            ICallBenchGrain grain = client.GetGrain<ICallBenchGrain>(i.ToString(CultureInfo.InvariantCulture));
            if (await grain.SiloAsync() == home)
            {
                same = grain;
            }
            else
            {
                other = grain;
            }
        }

        return (near, same, other);
    }

    private static async Task PrintBestAsync(TextWriter output, string way, int callers, Func<Task<CallRates>> measure)
    {
        CallRates best = await measure();
        for (int round = 1; round < Rounds; round++)
        {
            CallRates next = await measure();
            best = next.CallsPerSecond > best.CallsPerSecond ? next : best;
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{way,-20} {callers,7} {best.CallsPerSecond,12:N0} {best.MedianMicroseconds,8:N1} {best.Percentile99Microseconds,8:N1}"));
    }

    /// <summary>Keeps a number of calls open for a while and times each.</summary>
    internal static class CallLoop
    {
        public static async Task<CallRates> RunAsync(ICallBenchGrain target, int callers, TimeSpan length)
        {
            for (int i = 0; i < WarmUpCalls / Rounds; i++)
            {
                await target.EmptyAsync();
            }

            long start = Stopwatch.GetTimestamp();
            List<long>[] perCaller = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => CallAsync(target, start, length)));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            long[] ticks = [.. perCaller.SelectMany(list => list)];
            Array.Sort(ticks);
            double microseconds = 1e6 / Stopwatch.Frequency;
            return new CallRates(
                ticks.Length / seconds,
                ticks[ticks.Length / 2] * microseconds,
                ticks[ticks.Length * 99 / 100] * microseconds);
        }

        private static async Task<List<long>> CallAsync(ICallBenchGrain target, long start, TimeSpan length)
        {
            var ticks = new List<long>(500_000);

            // Without it a caller whose calls end quickly would keep the next one from starting.
            await Task.Yield();
            long before = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start, before) < length)
            {
                await target.EmptyAsync();
                long after = Stopwatch.GetTimestamp();
                ticks.Add(after - before);
                before = after;
            }

            return ticks;
        }
    }
}

/// <summary>What one round of calls has shown.</summary>
[GenerateSerializer, Immutable, Alias("bench.CallRates")]
public readonly record struct CallRates(
    [property: Id(0)] double CallsPerSecond,
    [property: Id(1)] double MedianMicroseconds,
    [property: Id(2)] double Percentile99Microseconds);

public interface ICallBenchGrain : IGrainWithStringKey
{
    Task EmptyAsync();

    Task<string> SiloAsync();

    /// <summary>Calls another grain from inside this one.</summary>
    [ResponseTimeout("00:01:00")]
    Task<CallRates> MeasureAsync(ICallBenchGrain target, int callers, TimeSpan length);
}

public sealed class CallBenchGrain(ILocalSiloDetails silo) : Grain, ICallBenchGrain
{
    public Task EmptyAsync() => Task.CompletedTask;

    public Task<string> SiloAsync() => Task.FromResult(silo.Name);

    public Task<CallRates> MeasureAsync(ICallBenchGrain target, int callers, TimeSpan length) =>
        GrainCallBenchmark.CallLoop.RunAsync(target, callers, length);
}
