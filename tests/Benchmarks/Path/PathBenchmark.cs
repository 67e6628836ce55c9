using System.Diagnostics;
using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Engine.Onnx.Memory;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.Fitting;

namespace DeepSeekOrleans.Benchmarks.Path;

/// <summary>
/// What the way from an HTTP request to the engine and back costs: tokens per second of 16 streams through frontend, grains and silo,
/// beside the same requests given straight to an engine in the same process.
/// </summary>
internal static class PathBenchmark
{
    private const int Rounds = 5;

    public static async Task RunAsync(TextWriter output)
    {
        PreparedModel model = ModelConversion.Prepare(
            ModelDirectory.Demo.FullName, ModelDirectory.CacheRoot, progress: null, CancellationToken.None);
        ServingPlan plan = ServingPlan.For(ModelFootprint.Read(model.Directory), MachineMemory.AvailableBytes(), Workload.Streams, context: 0);
        int[] ports = LocalPorts.Free(2);
        await using LocalCluster cluster = await LocalCluster.StartAsync(
            new LocalClusterSettings("demo", model, plan, Silos: 1, ports[0], ports[1], []), CancellationToken.None);
        await using BareEngine bare = BareEngine.Load(model.Directory);
        using HttpStreams path = new(cluster.Ready);

        await MeasureAsync(bare.RunAsync, round: 0);
        await MeasureAsync(path.RunAsync, round: 0);
        List<double> bareRates = [];
        List<double> pathRates = [];
        for (int round = 1; round <= Rounds; round++)
        {
            bareRates.Add(await MeasureAsync(bare.RunAsync, round));
            pathRates.Add(await MeasureAsync(path.RunAsync, round));
            await output.WriteLineAsync($"round {round}: bare engine {bareRates[^1]:F0} tokens/s, whole path {pathRates[^1]:F0} tokens/s");
        }

        double ratio = Median(pathRates) / Median(bareRates);
        await output.WriteLineAsync(
            $"median of {Rounds}: bare engine {Median(bareRates):F0} tokens/s, whole path {Median(pathRates):F0} tokens/s, {ratio:P1} (target 90 %)");
        await cluster.StopAsync();
    }

    private static async Task<double> MeasureAsync(Func<int, Task<int>> run, int round)
    {
        long start = Stopwatch.GetTimestamp();
        int tokens = await run(round);
        return tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
