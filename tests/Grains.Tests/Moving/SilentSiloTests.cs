using DeepSeekOrleans.Grains.GpuWorkers;
using DeepSeekOrleans.Grains.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Grains.Tests.Moving;

/// <summary>Answers whose silo says nothing for longer than a worker may, and goes on.</summary>
public sealed class SilentSiloTests
{
    private const int Streams = 12;
    private const int MaxTokens = 300;
    private static readonly TimeSpan Run = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task R03_OnlySiloIsSilentWhileItStops_ItsStreamsAreComputedToTheirEnd()
    {
        ServedAnswer[] undisturbed;
        await using (ServedCluster calm = await ServedCluster.StartAsync(silos: 1))
        {
            undisturbed = await Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => calm.CompleteAsync(Body(stream), _ => { })));
        }

        await using ServedCluster served = await StartWithoutBeatsAsync();
        served.Cluster.Engines.SlowDown(Run);
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, Streams).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        Task<ServedAnswer[]> all = Task.WhenAll(begun.Select((first, stream) => served.CompleteAsync(Body(stream), _ => first.TrySetResult())));
        await Task.WhenAll(begun.Select(first => first.Task)).WaitAsync(Limit);

        // neither tokens nor, without beats, anything else
        served.Cluster.Engines.SlowDown(Timeout.InfiniteTimeSpan);
        Task stopping = served.Cluster.Cluster.StopSiloAsync(served.Cluster.Cluster.Silos[0]);
        await UntilSilentAsync(served);
        served.Cluster.Engines.Release();
        ServedAnswer[] answers = await all.WaitAsync(Limit);
        await stopping.WaitAsync(Limit);

        Assert.Equal(undisturbed, answers);
        Assert.Equal(0, served.SilentAttempts);
    }

    private static Task<ServedCluster> StartWithoutBeatsAsync() => ServedCluster.StartAsync(
        silos: 1,
        new EngineRoom { Vocabulary = ServedCluster.Vocabulary, StallLimit = Limit },
        builder => builder.ConfigureSilo((_, silo) => silo.Services.Configure<GpuWorkerOptions>(worker => worker.BeatInterval = 2 * Limit)));

    private static async Task UntilSilentAsync(ServedCluster served)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (served.SilentAttempts < Streams)
        {
            Assert.False(limit.IsCancellationRequested, $"{served.SilentAttempts} of {Streams} attempts are silent");
            await Task.Yield();
        }
    }

    /// <summary>Half greedy, half seeded; each prompt another one.</summary>
    private static string Body(int stream) => $$"""
        {"model": "demo", "prompt": "story {{stream}}", "max_tokens": {{MaxTokens}}, "seed": {{stream}}, "temperature": {{stream % 2}},
         "stream": true, "stream_options": {"include_usage": true} }
        """;
}
