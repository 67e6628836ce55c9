using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Tests.Cluster;
using DeepSeekOrleans.Grains.Tests.Moving;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Grains.Tests.Sharing;

/// <summary>Equal requests at the same time, at two frontends of a cluster with real engines.</summary>
public sealed class SharedAnswerTests
{
    private const int MaxTokens = 300;
    // the answer takes six seconds: clients come and go meanwhile
    private static readonly TimeSpan Run = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Share_AHundredEqualRequestsAtTwoFrontends_CostOneGeneration(int temperature)
    {
        // a hundred clients in the process of the whole cluster can keep a worker's beats for longer than a frontend waits for them
        await using ServedCluster served = await ServedCluster.StartAsync(silos: 2, frontends: 2, silence: Limit);
        served.Cluster.Engines.Hold();
        Task<ServedAnswer>[] asked = [.. Enumerable.Range(0, 100).Select(i => served.CompleteAsync(Body(temperature), _ => { }, frontend: i % 2))];
        await UntilAsync(() => served.Readers == asked.Length, () => $"{served.Readers} of {asked.Length} clients read");

        served.Cluster.Engines.Release();
        ServedAnswer[] answers = await Task.WhenAll(asked).WaitAsync(Limit);

        long computed = served.Cluster.Engines.TokensComputed;
        ServedAnswer kept = await served.CompleteAsync(Body(temperature), _ => { });
        ServedAnswer alone = await served.CompleteAsync(Body(temperature, cache: false), _ => { });
        Assert.Equal(alone.Tokens, computed);
        Assert.Equal(2 * computed, served.Cluster.Engines.TokensComputed);
        Assert.All(answers, answer => Assert.Equal(alone, answer with { IsShared = false }));
        Assert.Single(answers, answer => !answer.IsShared);

        // the answer may still be on its way from the frontend's table of those under way to the kept ones
        Assert.Equal(alone, kept with { IsShared = false });
    }

    [Fact]
    public async Task Share_ClientWhoseRequestBeganItLeaves_TheOtherFrontendsClientsReadOn()
    {
        await using ServedCluster served = await ServedCluster.StartAsync(silos: 2, frontends: 2);
        served.Cluster.Engines.SlowDown(Run);
        using var leaves = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task first = served.CompleteAsync(Body(), _ => begun.TrySetResult(), cancellationToken: leaves.Token);
        await begun.Task.WaitAsync(Limit);
        var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<ServedAnswer> follower = served.CompleteAsync(Body(), _ => joined.TrySetResult(), frontend: 1);
        await joined.Task.WaitAsync(Limit);

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        served.Cluster.Engines.Release();
        ServedAnswer answer = await follower.WaitAsync(Limit);

        long computed = served.Cluster.Engines.TokensComputed;
        ServedAnswer alone = await served.CompleteAsync(Body(cache: false), _ => { });
        Assert.Equal(alone with { IsShared = true }, answer);
        Assert.Equal(alone.Tokens, computed);
    }

    [Fact]
    public async Task R08_AllClientsOfBothFrontendsLeave_TheSlotIsFree()
    {
        await using ServedCluster served = await ServedCluster.StartAsync(silos: 1, frontends: 2);
        served.Cluster.Engines.SlowDown(Run);
        using var leaves = new CancellationTokenSource();
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, 6).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        Task[] asked = [.. begun.Select((first, i) => served.CompleteAsync(Body(), _ => first.TrySetResult(), i % 2, cancellationToken: leaves.Token))];
        await Task.WhenAll(begun.Select(first => first.Task)).WaitAsync(Limit);

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asked));
        await UntilAsync(() => served.Readers == 0, () => $"{served.Readers} clients read");

        IGpuWorkerGrain worker = served.Cluster.Worker(ClusterUnderTest.KeyOf("Silo_0"));
        WorkerStatus status;
        using var limit = new CancellationTokenSource(Limit);
        do
        {
            status = await worker.GetStatusAsync();
            Assert.False(limit.IsCancellationRequested, $"{status}");
        }
        while (status.Running + status.Waiting > 0);
        Assert.InRange(served.Cluster.Engines.TokensComputed, 1, MaxTokens - 1);
    }

    [Fact]
    public async Task R01_SiloOfASharedAnswerKilled_AllReadersGetTheUndisturbedText()
    {
        await using ServedCluster served = await ServedCluster.StartAsync(silos: 3, frontends: 2);
        served.Cluster.Engines.SlowDown(Run);
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, 24).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        Task<ServedAnswer[]> asked = Task.WhenAll(begun.Select((first, i) => served.CompleteAsync(Body(), _ => first.TrySetResult(), i % 2)));
        await Task.WhenAll(begun.Select(first => first.Task)).WaitAsync(Limit);

        await served.Cluster.Cluster.KillSiloAsync(await RunningSiloAsync(served.Cluster));
        served.Cluster.Engines.Release();
        ServedAnswer[] answers = await asked.WaitAsync(Limit);

        ServedAnswer alone = await served.CompleteAsync(Body(cache: false), _ => { });
        Assert.All(answers, answer => Assert.Equal(alone, answer with { IsShared = false }));
    }

    [Fact]
    public async Task Share_TwoTenants_CostTwoGenerations()
    {
        await using ServedCluster served = await ServedCluster.StartAsync(silos: 2, frontends: 2, silence: null, Key("a", "key-a"), Key("b", "key-b"));
        served.Cluster.Engines.Hold();
        Task<ServedAnswer>[] asked =
            [.. Enumerable.Range(0, 8).Select(i => served.CompleteAsync(Body(), _ => { }, frontend: i % 2, key: i < 4 ? "key-a" : "key-b"))];
        await UntilAsync(() => served.Readers == asked.Length, () => $"{served.Readers} of {asked.Length} clients read");

        served.Cluster.Engines.Release();
        ServedAnswer[] answers = await Task.WhenAll(asked).WaitAsync(Limit);

        Assert.Equal(2 * answers[0].Tokens, served.Cluster.Engines.TokensComputed);
        Assert.Equal(2, answers.Count(answer => !answer.IsShared));
    }

    private static async Task<InProcessSiloHandle> RunningSiloAsync(ClusterUnderTest cluster)
    {
        foreach (InProcessSiloHandle silo in cluster.Cluster.Silos)
        {
            if ((await cluster.Worker(ClusterUnderTest.KeyOf(silo.Name)).GetStatusAsync()).Running > 0)
            {
                return silo;
            }
        }

        throw new InvalidOperationException("no silo computes the answer");
    }

    private static async Task UntilAsync(Func<bool> reached, Func<string> state)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!reached())
        {
            Assert.False(limit.IsCancellationRequested, state());
            await Task.Yield();
        }
    }

    private static ApiKeyOptions Key(string tenant, string key) =>
        new() { Tenant = tenant, Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))) };

    private static string Body(int temperature = 0, bool cache = true) => $$"""
        {"model": "demo", "prompt": "story", "max_tokens": {{MaxTokens}}, "seed": 5, "temperature": {{temperature}},
         "cache": {{(cache ? "true" : "false")}}, "evidence": true, "stream": true, "stream_options": {"include_usage": true} }
        """;
}
