using DeepSeekOrleans.Benchmarks.Cluster;
using DeepSeekOrleans.Benchmarks.Engine;
using DeepSeekOrleans.Benchmarks.Forms;
using DeepSeekOrleans.Benchmarks.Gpu;
using DeepSeekOrleans.Benchmarks.GrainCalls;
using DeepSeekOrleans.Benchmarks.Grpc;
using DeepSeekOrleans.Benchmarks.InterToken;
using DeepSeekOrleans.Benchmarks.KvCache;
using DeepSeekOrleans.Benchmarks.Mixed;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Benchmarks.Path;
using DeepSeekOrleans.Benchmarks.Prefix;
using DeepSeekOrleans.Benchmarks.Sampling;
using DeepSeekOrleans.Benchmarks.Soak;
using DeepSeekOrleans.Benchmarks.Speculation;

namespace DeepSeekOrleans.Benchmarks;

internal static class Program
{
    private const string Usage = """
        usage: dotnet run -c Release --project tests/Benchmarks -- path | sampling | speculation | grains | grpc | cluster
           or: dotnet run -c Release --project tests/Benchmarks -- engine | forms | mixed | prefix | itl | kv  [SHAPE...] [--form NAME]... [--layers N]
           or: dotnet run -c Release --project tests/Benchmarks -- soak [--minutes 5] [--form NAME] [--kv-int8]
           or: dotnet run -c Release --project tests/Benchmarks -- gpu [--device 0]
        """;

    private const string Small = "qwen2.5-0.5b";
    private const string Large = "r1-distill-qwen-1.5b";

    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["path"]:
                await PathBenchmark.RunAsync(Console.Out);
                return 0;
            case ["cluster"]:
                await ClusterBenchmark.RunAsync(Console.Out);
                return 0;
            case ["sampling"]:
                SamplingBenchmark.Run(Console.Out);
                return 0;
            case ["speculation"]:
                await SpeculationBenchmark.RunAsync(Console.Out);
                return 0;
            case ["engine", .. string[] rest]:
                EngineBenchmark.Run(Console.Out, BenchmarkSelection.Parse(rest, Small, Large));
                return 0;
            case ["forms", .. string[] rest]:
                FormBenchmark.Run(Console.Out, BenchmarkSelection.Parse(rest, Small));
                return 0;
            case ["mixed", .. string[] rest]:
                await MixedBenchmark.RunAsync(Console.Out, BenchmarkSelection.Parse(rest, Small));
                return 0;
            case ["prefix", .. string[] rest]:
                await PrefixBenchmark.RunAsync(Console.Out, BenchmarkSelection.Parse(rest, Small));
                return 0;
            case ["itl", .. string[] rest]:
                await InterTokenBenchmark.RunAsync(Console.Out, BenchmarkSelection.Parse(rest, Small));
                return 0;
            case ["kv", .. string[] rest]:
                KvCacheBenchmark.Run(Console.Out, BenchmarkSelection.Parse(rest, Small));
                return 0;
            case ["grains"]:
                await GrainCallBenchmark.RunAsync(Console.Out);
                return 0;
            case ["grpc"]:
                await GrpcBenchmark.RunAsync(Console.Out);
                return 0;
            case ["gpu", .. string[] rest]:
                return GpuBenchmark.Run(Console.Out, rest);
            case ["soak", .. string[] rest]:
                return await SoakBenchmark.RunAsync(Console.Out, rest);
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }
}
