using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

public sealed class StreamTests
{
    [Fact]
    public async Task Streams_TwentyOnTwoSilos_UseBoth()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());
        cluster.Engines.Hold();

        Dispatch[] dispatched = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cluster.OpenStreamAsync()));

        Dictionary<string, int> shares = dispatched.CountBy(dispatch => dispatch.Worker.Silo).ToDictionary();
        Assert.Equal(2, shares.Count);
        Assert.All(shares.Values, share => Assert.InRange(share, 5, 15));
    }

    [Fact]
    public async Task Streams_TwentyOnTwoSilos_EachEqualsASingleEngine()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());

        Dispatch[] dispatched = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cluster.OpenStreamAsync()));
        StreamOutcome[] outcomes = await Task.WhenAll(dispatched.Select(cluster.EndAsync));

        foreach ((Dispatch dispatch, StreamOutcome outcome) in dispatched.Zip(outcomes))
        {
            Assert.Equal((StreamFinish.Length, false), (outcome.Finish, outcome.Broken));
            Assert.Equal(await RunAloneAsync(cluster.Engines, dispatch.Attempt.StreamId), outcome.Tokens);
        }
    }

    [Fact]
    public async Task Deactivation_OfAWorkersGrain_LeavesItsStreamsAndItsEngine()
    {
        // as the runtime does when the silo leaves that holds the grain's entry in the directory
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        cluster.Engines.Hold();
        Dispatch[] dispatched = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.OpenStreamAsync()));
        IGpuWorkerGrain worker = cluster.Worker(dispatched[0].Worker);

        await cluster.Cluster.DeactivateAsync(worker);

        Assert.Equal(WorkerState.Ready, (await worker.GetStatusAsync()).State);
        Dispatch later = await cluster.OpenStreamAsync();
        cluster.Engines.Release();
        StreamOutcome[] outcomes = await Task.WhenAll(dispatched.Append(later).Select(cluster.EndAsync));
        Assert.All(outcomes, outcome => Assert.Equal((StreamFinish.Length, false), (outcome.Finish, outcome.Broken)));
        Assert.Equal(1, cluster.Engines.RunnersBuilt);
    }

    [Fact]
    public async Task Report_WhileAWorkersGrainIsDeactivated_StillReachesANewRouter()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        await cluster.Cluster.DeactivateAsync(cluster.Worker(ClusterUnderTest.KeyOf("Silo_0")));

        await cluster.Cluster.DeactivateAsync(cluster.Router);

        await cluster.OpenStreamAsync();
    }

    [Fact]
    public async Task Start_TokensOfAnEarlierAttempt_GoesOnWhereTheyEnd()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        Dispatch dispatch = await cluster.DispatchAsync();
        GenerationOrder order = ClusterUnderTest.OrderOf(dispatch.Attempt.StreamId);
        int[] whole = await RunAloneAsync(cluster.Engines, dispatch.Attempt.StreamId);

        await cluster.StartAsync(dispatch, order with { EmittedIds = whole[..15] });

        Assert.Equal(whole[15..], (await cluster.EndAsync(dispatch)).Tokens);
    }

    [Fact]
    public async Task Cancel_RunningStream_FreesItsSlotForTheNext()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom { Slots = 1 });
        cluster.Engines.Hold();
        Dispatch first = await cluster.OpenStreamAsync(maxTokens: 2000);
        Dispatch second = await cluster.OpenStreamAsync();

        await cluster.Worker(first.Worker).CancelAsync(first.Attempt);

        // one-way: this call is answered after the cancellation that was sent before it
        await cluster.Worker(first.Worker).GetStatusAsync();
        cluster.Engines.Release();
        Assert.Equal(StreamFinish.Cancelled, (await cluster.EndAsync(first)).Finish);
        Assert.Equal(StreamFinish.Length, (await cluster.EndAsync(second)).Finish);
    }

    [Fact]
    public async Task Start_AfterItsCancellation_IsRefused()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        Dispatch dispatch = await cluster.DispatchAsync();
        await cluster.Worker(dispatch.Worker).CancelAsync(dispatch.Attempt);
        await cluster.Worker(dispatch.Worker).GetStatusAsync();

        StartReply reply = await cluster.StartAsync(dispatch, ClusterUnderTest.OrderOf(1));

        Assert.Equal(StartReply.Superseded, reply);
    }

    [Fact]
    public async Task Start_SlotsAndQueueTaken_AnswersFullAndTheRouterBusy()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom { Slots = 1, MaxWaiting = 1 });
        cluster.Engines.Hold();
        Dispatch first = await cluster.OpenStreamAsync();
        await cluster.OpenStreamAsync();

        StartReply third = await cluster.StartAsync(first with { Attempt = new Attempt("third", 3, 1) }, ClusterUnderTest.OrderOf(3));
        Dispatch fourth = await cluster.NewSession().BeginAsync(cluster.NewRequest());

        Assert.Equal((StartReply.Full, DispatchKind.Busy), (third, fourth.Kind));
        Assert.True(fourth.RetryAfter > TimeSpan.Zero);
    }

    [Fact]
    public async Task Start_LongerThanTheContext_AnswersNeverFits()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        Dispatch dispatch = await cluster.DispatchAsync();

        Assert.Equal(StartReply.NeverFits, await cluster.StartAsync(dispatch, ClusterUnderTest.OrderOf(1, maxTokens: 2046)));
    }

    private static Task<int[]> RunAloneAsync(EngineRoom room, long stream) => room.RunAloneAsync(ClusterUnderTest.OrderOf(stream));
}
