using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Tests.Fakes;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>Faults of a model as the streams of a cluster see them.</summary>
public sealed class FaultTests
{
    private const int Mates = 12;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Streams_OneMakesTheModelFail_EndsAloneAndItsMatesAreAsAlone(bool throws)
    {
        const long culprit = 5;
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom
        {
            Prepare = (_, runner) => AtToken(runner, culprit, 7, logits =>
            {
                logits[0] = float.NaN;
                ThrowIf(throws);
            }),
        });

        StreamOutcome[] outcomes = await RunAsync(cluster, Mates);

        await AssertMatesAsAloneAsync(cluster, outcomes, culprit);
        StreamOutcome faulted = outcomes[culprit - 1];
        Assert.Equal((StreamFinish.ModelFault, 7, false), (faulted.Finish, faulted.Tokens.Length, faulted.Broken));
        Assert.Equal(1, cluster.Engines.RunnersBuilt);
    }

    [Fact]
    public async Task R13_FiveRequestsThatBreakEngines_EndAfterTwoEachAndTheClusterGoesOn()
    {
        long[] killers = [2, 5, 6, 9, 12];
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom
        {
            Prepare = (_, runner) => Array.ForEach(killers, killer => AtToken(runner, killer, (int)killer, _ => BreakRunner())),
        });

        StreamOutcome[] outcomes = await RunAsync(cluster, Mates);

        await AssertMatesAsAloneAsync(cluster, outcomes, killers);
        Assert.All(killers, killer => Assert.Equal(
            (StreamFinish.RepeatedFault, (int)killer, false),
            (outcomes[killer - 1].Finish, outcomes[killer - 1].Tokens.Length, outcomes[killer - 1].Broken)));
        Assert.InRange(cluster.Engines.RunnersBuilt - 2, killers.Length, 2 * killers.Length);
        await AssertAllReadyAndIdleAsync(cluster, 2);
    }

    [Fact]
    public async Task Streams_EngineIsGivenUp_AreToldAndTheRouterAvoidsTheWorker()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom
        {
            MaxRebuilds = 0,
            Prepare = (silo, runner) => AtEveryToken(runner, 5, () =>
            {
                if (silo == "Silo_1")
                {
                    BreakRunner();
                }
            }),
        });

        StreamOutcome[] outcomes = await RunAsync(cluster, Mates);
        WorkerStatus broken = await cluster.Worker(ClusterUnderTest.KeyOf("Silo_1")).GetStatusAsync();
        await UntilAsync(cluster, workers => workers.Any(worker => worker.State == WorkerState.Unhealthy));
        Dispatch[] later = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.DispatchAsync()));

        Assert.Equal(WorkerState.Unhealthy, broken.State);
        Assert.All(outcomes, outcome => Assert.Equal(
            (outcome.Worker.Silo == "Silo_1" ? StreamFinish.WorkerStopping : StreamFinish.Length, false), (outcome.Finish, outcome.Broken)));
        Assert.All(later, dispatch => Assert.Equal("Silo_0", dispatch.Worker.Silo));
    }

    /// <summary>Opens all streams before the first run, so that each has the number, and thereby the prompt, that the test expects.</summary>
    private static async Task<StreamOutcome[]> RunAsync(ClusterUnderTest cluster, int streams)
    {
        cluster.Engines.Hold();
        List<Dispatch> dispatched = [];
        for (int stream = 0; stream < streams; stream++)
        {
            dispatched.Add(await cluster.OpenStreamAsync());
        }

        cluster.Engines.Release();
        return await Task.WhenAll(dispatched.Select(cluster.EndAsync)).WaitAsync(Limit);
    }

    private static async Task AssertMatesAsAloneAsync(ClusterUnderTest cluster, StreamOutcome[] outcomes, params long[] culprits)
    {
        for (int stream = 1; stream <= outcomes.Length; stream++)
        {
            if (!culprits.Contains(stream))
            {
                StreamOutcome outcome = outcomes[stream - 1];
                Assert.Equal((stream, StreamFinish.Length, false), (stream, outcome.Finish, outcome.Broken));
                Assert.Equal(await cluster.Engines.RunAloneAsync(ClusterUnderTest.OrderOf(stream)), outcome.Tokens);
            }
        }
    }

    private static Task AssertAllReadyAndIdleAsync(ClusterUnderTest cluster, int workers) => UntilAsync(
        cluster, known => known.Length == workers && known.All(worker => worker is { State: WorkerState.Ready, Running: 0, Waiting: 0 }));

    private static async Task UntilAsync(ClusterUnderTest cluster, Predicate<WorkerStatus[]> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        WorkerStatus[] known;
        do
        {
            known = await cluster.Router.GetWorkersAsync();
            Assert.False(limit.IsCancellationRequested, $"after {Limit} the router knows {string.Join<WorkerStatus>(' ', known)}");
        }
        while (!holds(known));
    }

    /// <summary>
    /// Acts where the stream, known by its prompt, would choose the given output token, and not where a row that nobody wants fills its
    /// slot: such a row feeds 0.
    /// </summary>
    private static void AtToken(FakeRunner runner, long stream, int token, LogitFault act)
    {
        int[] prompt = ClusterUnderTest.OrderOf(stream).PromptIds;
        FakeRunner.RowFault? before = runner.Fault;
        runner.Fault = (history, logits) =>
        {
            before?.Invoke(history, logits);
            if (history.Length == prompt.Length + token && history[^1] != 0 && history.StartsWith(prompt))
            {
                act(logits);
            }
        };
    }

    /// <summary>The same for every stream; not for the warm-up, whose tokens are all 0.</summary>
    private static void AtEveryToken(FakeRunner runner, int token, Action act) => runner.Fault = (history, _) =>
    {
        int[] prompt = ClusterUnderTest.OrderOf(stream: 1).PromptIds;
        if (history.Length == prompt.Length + token && history[0] == prompt[0])
        {
            act();
        }
    };

    private static void ThrowIf(bool throws)
    {
        if (throws)
        {
            throw new ModelRunException("test");
        }
    }

    /// <summary>Breaks the contract of a runner, which is more than a run that fails.</summary>
    private static void BreakRunner() => throw new InvalidOperationException("test");

    private delegate void LogitFault(Span<float> logits);
}
