using DeepSeekOrleans.Grains.Tests.Cluster;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Grains.Tests.Moving;

/// <summary>Answers whose silo goes while they are read.</summary>
public sealed class MovedStreamTests
{
    private const int Streams = 24;
    private const int MaxTokens = 300;
    private static readonly TimeSpan Run = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task R01_SiloGoesUnderStreams_TextsAreAsUndisturbed(bool isKilled)
    {
        ServedAnswer[] undisturbed;
        await using (ServedCluster calm = await ServedCluster.StartAsync(silos: 1))
        {
            undisturbed = await Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => calm.CompleteAsync(Body(stream), _ => { })));
        }

        await using ServedCluster served = await ServedCluster.StartAsync(silos: 3);
        served.Cluster.Engines.SlowDown(Run);
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, Streams).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        Task<ServedAnswer[]> all = Task.WhenAll(begun.Select((first, stream) => served.CompleteAsync(Body(stream), _ => first.TrySetResult())));
        await Task.WhenAll(begun.Select(first => first.Task)).WaitAsync(Limit);

        InProcessSiloHandle victim = served.Cluster.Cluster.Silos[1];
        await (isKilled ? served.Cluster.Cluster.KillSiloAsync(victim) : served.Cluster.Cluster.StopSiloAsync(victim));
        served.Cluster.Engines.Release();
        ServedAnswer[] answers = await all.WaitAsync(Limit);

        foreach ((ServedAnswer expected, ServedAnswer answer) in undisturbed.Zip(answers))
        {
            Assert.Equal(expected, answer);
        }

        Assert.All(answers, answer => Assert.True(answer.Tokens > 1, $"{answer}"));
    }

    [Fact]
    public async Task R03_OnlySiloStops_ItsStreamsAreComputedToTheirEnd()
    {
        ServedAnswer[] undisturbed;
        await using (ServedCluster calm = await ServedCluster.StartAsync(silos: 1))
        {
            undisturbed = await Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => calm.CompleteAsync(Body(stream), _ => { })));
        }

        await using ServedCluster served = await ServedCluster.StartAsync(silos: 1);
        served.Cluster.Engines.SlowDown(Run);
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, Streams).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        Task<ServedAnswer[]> all = Task.WhenAll(begun.Select((first, stream) => served.CompleteAsync(Body(stream), _ => first.TrySetResult())));
        await Task.WhenAll(begun.Select(first => first.Task)).WaitAsync(Limit);

        Task stopping = served.Cluster.Cluster.StopSiloAsync(served.Cluster.Cluster.Silos[0]);
        bool wereOpen = !all.IsCompleted;
        served.Cluster.Engines.Release();
        ServedAnswer[] answers = await all.WaitAsync(Limit);
        await stopping.WaitAsync(Limit);

        Assert.Equal(undisturbed, answers);
        Assert.True(wereOpen, "the streams ended before the silo stopped");
    }

    /// <summary>Half greedy, half seeded; each prompt another one.</summary>
    private static string Body(int stream) => $$"""
        {"model": "demo", "prompt": "story {{stream}}", "max_tokens": {{MaxTokens}}, "seed": {{stream}}, "temperature": {{stream % 2}},
         "stream": true, "stream_options": {"include_usage": true} }
        """;
}
