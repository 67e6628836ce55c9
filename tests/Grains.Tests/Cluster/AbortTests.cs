using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>Clients that go away.</summary>
public sealed class AbortTests
{
    private const int Aborts = 1_000;
    private const int AtOnce = 100;
    private const int MaxTokens = 2_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task R08_AThousandClientsGoAtARandomToken_EverySlotIsFreeAndNothingHasGrown()
    {
        const int fence = 64;
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(
            silos: 1, new EngineRoom(), worker => worker.MaxFencedAttempts = fence);
        cluster.Engines.SlowDown(TimeSpan.FromMilliseconds(1));
        var random = new Random(8);

        // as many as wait for a slot leave as those that run: a stream that nobody hears yet is given up at token 0
        int[] patience = [.. Enumerable.Range(0, Aborts).Select(_ => random.Next(3) == 0 ? 0 : random.Next(1, 25))];
        foreach (int[] wave in patience.Chunk(AtOnce))
        {
            StreamOutcome[] outcomes = await Task.WhenAll(wave.Select(tokens => AbortAfterAsync(cluster, tokens))).WaitAsync(Limit);
            Assert.All(outcomes, outcome => Assert.Equal((StreamFinish.Cancelled, false), (outcome.Finish, outcome.Broken)));
        }

        cluster.Engines.Release();
        WorkerStatus status = await cluster.Worker(ClusterUnderTest.KeyOf("Silo_0")).GetStatusAsync();
        Assert.Equal((0, 0, WorkerState.Ready), (status.Running, status.Waiting, status.State));
        Assert.Equal(new(Streams: 0, Frontends: 1, FencedAttempts: fence), cluster.TablesOf("Silo_0"));

        // all of them at once, in one step after the other: no slot has been lost
        Dispatch[] next = await Task.WhenAll(Enumerable.Range(0, status.Slots).Select(_ => cluster.OpenStreamAsync()));
        StreamOutcome[] ends = await Task.WhenAll(next.Select(cluster.EndAsync)).WaitAsync(Limit);
        Assert.All(ends, end => Assert.Equal((StreamFinish.Length, 40), (end.Finish, end.Tokens.Length)));
    }

    private static async Task<StreamOutcome> AbortAfterAsync(ClusterUnderTest cluster, int tokens)
    {
        Dispatch dispatch = await cluster.OpenStreamAsync(MaxTokens);
        await cluster.Listen(dispatch).HeardAsync(tokens);
        await cluster.Worker(dispatch.Worker).CancelAsync(dispatch.Attempt);
        StreamOutcome outcome = await cluster.EndAsync(dispatch);
        await cluster.NewSession().CompleteAsync(new Completion
        {
            Attempt = dispatch.Attempt,
            Model = ClusterUnderTest.Model,
            Worker = dispatch.Worker,
            WorkerAnswered = true,
        });
        return outcome;
    }
}
