using DeepSeekOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

public sealed class SiloLossTests
{
    // at 5 ms a run, a thousand tokens outlast the stop of a silo
    private const int MaxTokens = 1_000;
    private static readonly TimeSpan Run = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Kill_SiloWithHalfOfTwentyStreams_LeavesNoStreamHanging()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());
        Dispatch[] dispatched = await OpenUnderWayAsync(cluster);
        InProcessSiloHandle victim = cluster.Cluster.Silos[1];
        Task<StreamOutcome[]> ends = Task.WhenAll(dispatched.Select(cluster.EndAsync));

        await cluster.Cluster.KillSiloAsync(victim);
        cluster.Engines.Release();
        StreamOutcome[] outcomes = await ends.WaitAsync(Limit);

        Assert.DoesNotContain(outcomes, outcome => outcome.Broken);
        Assert.All(
            outcomes.Where(outcome => outcome.Worker.Silo != victim.Name),
            outcome => Assert.Equal((StreamFinish.Length, MaxTokens), (outcome.Finish, outcome.Tokens.Length)));
        Assert.All(
            outcomes.Where(outcome => outcome.Worker.Silo == victim.Name),
            outcome => Assert.True(outcome.Finish is null or StreamFinish.WorkerStopping, $"{outcome.Finish}"));
    }

    [Fact]
    public async Task Stop_SiloWithHalfOfTwentyStreams_TellsThemThatTheWorkerStops()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());
        Dispatch[] dispatched = await OpenUnderWayAsync(cluster);
        InProcessSiloHandle leaving = cluster.Cluster.Silos[1];
        Dispatch[] left = [.. dispatched.Where(dispatch => dispatch.Worker.Silo == leaving.Name)];
        Task<StreamOutcome[]> ends = Task.WhenAll(left.Select(cluster.EndAsync));

        await cluster.Cluster.StopSiloAsync(leaving);
        StreamOutcome[] outcomes = await ends.WaitAsync(Limit);

        Assert.NotEmpty(outcomes);
        Assert.All(outcomes, outcome => Assert.Equal((StreamFinish.WorkerStopping, false), (outcome.Finish, outcome.Broken)));
    }

    [Fact]
    public async Task Route_AfterASiloHasStopped_GoesToTheOther()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]);
        Dispatch[] dispatched = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.OpenStreamAsync()));

        Assert.All(dispatched, dispatch => Assert.Equal("Silo_0", dispatch.Worker.Silo));
    }

    private static async Task<Dispatch[]> OpenUnderWayAsync(ClusterUnderTest cluster)
    {
        cluster.Engines.SlowDown(Run);
        Dispatch[] dispatched = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cluster.OpenStreamAsync(MaxTokens)));
        Task started = Task.WhenAll(dispatched.Select(dispatch => cluster.Listen(dispatch).FirstToken));
        if (await Task.WhenAny(started, Task.Delay(Limit)) != started)
        {
            IEnumerable<Dispatch> silent = dispatched.Where(dispatch => !cluster.Listen(dispatch).FirstToken.IsCompleted);
            WorkerStatus[] workers = await cluster.Router.GetWorkersAsync();
            Assert.Fail($"without a token after {Limit}: {string.Join<Dispatch>(", ", silent)}; workers: {string.Join<WorkerStatus>(", ", workers)}");
        }

        return dispatched;
    }
}
