using System.Diagnostics;
using DeepSeekOrleans.Benchmarks.Models;

namespace DeepSeekOrleans.Benchmarks.Mixed;

/// <summary>The requests through the product's engine.</summary>
internal static class MixedEngine
{
    public static async Task<MixedResult> TogetherAsync(string name, TimedEngine engine, MixedRequest[] requests)
    {
        long start = Stopwatch.GetTimestamp();
        TimedStream[] streams = [.. requests.Select(request => engine.Submit(request.Prompt, request.NewTokens))];
        await Task.WhenAll(streams.Select(stream => stream.Ended));
        return Result(name, requests, start, streams);
    }

    public static async Task<MixedResult> OneAtATimeAsync(string name, TimedEngine engine, MixedRequest[] requests)
    {
        long start = Stopwatch.GetTimestamp();
        List<TimedStream> streams = [];
        foreach (MixedRequest request in requests)
        {
            streams.Add(engine.Submit(request.Prompt, request.NewTokens));
            await streams[^1].Ended;
        }

        return Result(name, requests, start, streams);
    }

    private static MixedResult Result(string name, MixedRequest[] requests, long start, IEnumerable<TimedStream> streams) => new(
        name,
        requests.Sum(request => request.NewTokens),
        Stopwatch.GetElapsedTime(start).TotalSeconds,
        [.. streams.Select(stream => stream.TimeToFirstToken.TotalMilliseconds)]);
}
