using DeepSeekOrleans.GrainInterfaces;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

public sealed class RoutingTests
{
    private static readonly AnswerKey Key = new(new TenantName("local"), "demo@v1", "digest");

    [Fact]
    public async Task Placement_WorkerKeyNamesASilo_LoadsTheEngineThere()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());

        Assert.Equal(
            [("Silo_0", "Silo_0"), ("Silo_1", "Silo_1")],
            cluster.Engines.Builders.Select(pair => (pair.Key.Silo, pair.Value)).Order());
    }

    [Fact]
    public async Task Placement_UnknownSilo_FailsAndNamesIt()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        IGpuWorkerGrain worker = cluster.Worker(ClusterUnderTest.KeyOf("elsewhere"));

        OrleansException error = await Assert.ThrowsAnyAsync<OrleansException>(worker.GetStatusAsync);

        Assert.Contains("no active silo is named 'elsewhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Begin_AnswerKeptForItsKey_ServesItWithoutAWorker()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());
        Dispatch first = await cluster.DispatchAsync(Key);
        var answer = new CachedResponse([4, 5, 6], StreamFinish.Stop);
        await cluster.NewSession().CompleteAsync(CompletionOf(first) with { AnswerKey = Key, Response = answer });

        Dispatch second = await cluster.NewSession().BeginAsync(cluster.NewRequest(Key));

        Assert.Equal(DispatchKind.Cached, second.Kind);
        Assert.Equal(answer.TokenIds, second.Response!.TokenIds);
    }

    [Fact]
    public async Task Complete_WorkerDidNotAnswer_TakesItOutOfTheView()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());
        Dispatch failed = await cluster.DispatchAsync();

        await cluster.NewSession().CompleteAsync(CompletionOf(failed) with { WorkerAnswered = false });
        WorkerStatus[] trusted = await cluster.Router.GetWorkersAsync();

        Assert.DoesNotContain(failed.Worker, trusted.Select(status => status.Worker));
    }

    [Fact]
    public async Task GetWorkers_AfterLoading_TellsStateSlotsAndModelVersion()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom());

        WorkerStatus worker = Assert.Single(await cluster.Router.GetWorkersAsync());

        Assert.Equal((WorkerState.Ready, "v1", 16), (worker.State, worker.ModelVersion, worker.Slots));
    }

    private static Completion CompletionOf(Dispatch dispatch) => new()
    {
        Attempt = dispatch.Attempt,
        Model = ClusterUnderTest.Model,
        Worker = dispatch.Worker,
        WorkerAnswered = true,
    };
}
