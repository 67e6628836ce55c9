using System.Diagnostics;
using System.Net;
using DeepSeekOrleans.Benchmarks.Grpc.Protos;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Benchmarks.Grpc;

/// <summary>
/// Calls per second and the time of a stream, client and server in this process, over loopback. Both share the machine's cores,
/// so the figures compare two builds on one machine and say little about a server alone.
/// </summary>
public static class GrpcBenchmark
{
    private const int WarmUpCalls = 2000;
    private const int StreamTokens = 1000;
    private const int StreamRuns = 20;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(TextWriter output)
    {
        await using WebApplication server = await StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Urls.Single());
        Benchmark.BenchmarkClient client = new(channel);

        for (int call = 0; call < WarmUpCalls; call++)
        {
            await client.EchoAsync(new Token { Text = " token" });
        }

        foreach (int callers in new[] { 1, 32 })
        {
            await output.WriteLineAsync($"unary, {callers} at once: {await CallsPerSecondAsync(client, callers):F0} calls/s");
        }

        List<double> milliseconds = [];
        for (int run = 0; run < StreamRuns; run++)
        {
            milliseconds.Add(await StreamMillisecondsAsync(client));
        }

        milliseconds.Sort();
        await output.WriteLineAsync(
            $"server stream of {StreamTokens} messages: median {milliseconds[StreamRuns / 2]:F1} ms, best {milliseconds[0]:F1} ms");
    }

    private static async Task<WebApplication> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        WebApplication application = builder.Build();
        application.MapGrpcService<BenchmarkService>();
        await application.StartAsync();
        return application;
    }

    private static async Task<double> CallsPerSecondAsync(Benchmark.BenchmarkClient client, int callers)
    {
        long start = Stopwatch.GetTimestamp();
        int[] calls = await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            int done = 0;
            for (; Stopwatch.GetElapsedTime(start) < Duration; done++)
            {
                await client.EchoAsync(new Token { Text = " token" });
            }

            return done;
        }));
        return calls.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> StreamMillisecondsAsync(Benchmark.BenchmarkClient client)
    {
        long start = Stopwatch.GetTimestamp();
        using AsyncServerStreamingCall<Token> call = client.Generate(new Prompt { Tokens = StreamTokens });
        int received = 0;
        await foreach (Token token in call.ResponseStream.ReadAllAsync())
        {
            received++;
        }

        return received == StreamTokens
            ? Stopwatch.GetElapsedTime(start).TotalMilliseconds
            : throw new InvalidOperationException($"the stream had {received} messages instead of {StreamTokens}");
    }
}
