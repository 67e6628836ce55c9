using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>A frontend that does not take its messages, beside one that does.</summary>
public sealed class SlowFrontendTests
{
    private const int Streams = 8;
    private const int MaxTokens = 2_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task R09_FrontendTakesNothing_LosesItsStreamsAndNobodyElseWaits()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        using var slow = new StuckFrontend();
        ITokenObserver stuck = cluster.Frontend(slow);
        cluster.Engines.Hold();
        for (int stream = 0; stream < Streams; stream++)
        {
            Dispatch dispatch = await cluster.DispatchAsync();
            Assert.Equal(StartReply.Admitted, await cluster.StartAsync(dispatch, ClusterUnderTest.OrderOf(dispatch.Attempt.StreamId, MaxTokens), stuck));
        }

        Dispatch[] others = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => cluster.OpenStreamAsync(400)));
        cluster.Engines.SlowDown(TimeSpan.FromMilliseconds(1));
        StreamOutcome[] outcomes = await Task.WhenAll(others.Select(cluster.EndAsync)).WaitAsync(Limit);
        await UntilIdleAsync(cluster);

        Assert.All(outcomes, outcome => Assert.Equal((StreamFinish.Length, 400, false), (outcome.Finish, outcome.Tokens.Length, outcome.Broken)));
        Assert.Equal(new(Streams: 0, Frontends: 1, FencedAttempts: 0), cluster.TablesOf("Silo_0"));

        // one message and its repetitions: nothing is sent after a message that has not been taken
        Assert.Equal(1, slow.LastNumber);
    }

    private static async Task UntilIdleAsync(ClusterUnderTest cluster)
    {
        using var limit = new CancellationTokenSource(Limit);
        WorkerStatus status;
        do
        {
            status = await cluster.Worker(ClusterUnderTest.KeyOf("Silo_0")).GetStatusAsync();
            Assert.False(limit.IsCancellationRequested, $"after {Limit}: {status}");
        }
        while (status.Running + status.Waiting > 0);
    }

    private sealed class StuckFrontend : ITokenObserver, IDisposable
    {
        private readonly TaskCompletionSource _never = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _lastNumber;

        public long LastNumber => Interlocked.Read(ref _lastNumber);

        public Task OnTokensAsync(TokenBatch batch)
        {
            Interlocked.Exchange(ref _lastNumber, batch.Number);
            return _never.Task;
        }

        public void Dispose() => _never.TrySetResult();
    }
}
