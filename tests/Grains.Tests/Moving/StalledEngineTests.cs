using System.Collections.Concurrent;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Tests.Cluster;

namespace DeepSeekOrleans.Grains.Tests.Moving;

/// <summary>Answers whose engine makes no step any more.</summary>
public sealed class StalledEngineTests : IDisposable
{
    private const int Streams = 12;
    private const int MaxTokens = 120;
    private const int FirstToken = 7;
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // what hangs in it comes back at the end of the test only, as a native call that never returns would not at all
    private readonly ManualResetEventSlim _end = new();
    private readonly ConcurrentDictionary<string, bool> _broken = [];

    public void Dispose() => _end.Dispose();

    [Fact]
    public async Task R21_EngineHangsAndIsNotBuiltAnew_ItsAnswersGoOnElsewhereAndTheRouterAvoidsIt()
    {
        ServedAnswer[] undisturbed = await UndisturbedAsync();
        await using ServedCluster served = await StartAsync(
            silos: 2, (silo, history) => silo == "Silo_0" && history[0] == FirstToken && history.Length == 60 && !_end.IsSet);
        Task<ServedAnswer[]> all = Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => served.CompleteAsync(Body(stream), _ => { })));

        await UntilAsync(served, "Silo_0", WorkerState.Unhealthy);
        ServedAnswer[] answers = await all.WaitAsync(Limit);
        Dispatch[] later = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => served.Cluster.DispatchAsync()));
        _end.Set();
        await UntilAsync(served, "Silo_0", WorkerState.Ready);

        Assert.Equal(undisturbed, answers);
        Assert.All(later, dispatch => Assert.Equal("Silo_1", dispatch.Worker.Silo));
        Assert.Equal(["Silo_0"], _broken.Keys);
    }

    [Fact]
    public async Task R21_RequestHangsEveryEngine_EndsWithTheSecondAndItsMatesAreAsUndisturbed()
    {
        const int culprit = 5;
        int[] prompt = Prompt(culprit);
        ServedAnswer[] undisturbed = await UndisturbedAsync();
        await using ServedCluster served = await StartAsync(
            silos: 3, (_, history) => history.Length == prompt.Length + 10 && history.StartsWith(prompt));
        served.Cluster.Engines.Hold();
        Task<ServedAnswer>[] answers = [.. Enumerable.Range(0, Streams).Select(stream => served.CompleteAsync(Body(stream), _ => { }))];
        served.Cluster.Engines.Release();

        ServedAnswer[] ended = await Task.WhenAll(answers).WaitAsync(Limit);
        _end.Set();

        Assert.Equal("repeated_model_fault", ended[culprit].End);
        Assert.StartsWith(ended[culprit].Text, undisturbed[culprit].Text, StringComparison.Ordinal);
        ended[culprit] = undisturbed[culprit];
        Assert.Equal(undisturbed, ended);
        Assert.Equal(2, _broken.Count);
    }

    [Fact]
    public async Task R21_OnlyEngineHangs_AnswersGoOnWhereItIsBuiltAnew()
    {
        int hung = 0;
        ServedAnswer[] undisturbed = await UndisturbedAsync();
        await using ServedCluster served = await ServedCluster.StartAsync(silos: 1, new EngineRoom
        {
            Vocabulary = ServedCluster.Vocabulary,
            StallLimit = Stall,
            Prepare = (_, runner) => runner.Fault = (history, _) =>
            {
                if (history.Length == 40 && history[0] == FirstToken && Interlocked.Exchange(ref hung, 1) == 0)
                {
                    _end.Wait(Limit);
                }
            },
        });

        ServedAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => served.CompleteAsync(Body(stream), _ => { }))).WaitAsync(Limit);
        _end.Set();

        Assert.Equal(undisturbed, answers);
        Assert.Equal(2, served.Cluster.Engines.RunnersBuilt);
    }

    private static int[] Prompt(int stream) => [FirstToken, 100 + stream, 9];

    /// <summary>Half greedy, half seeded; each prompt another one.</summary>
    private static string Body(int stream) => $$"""
        {"model": "demo", "prompt": [{{string.Join(',', Prompt(stream))}}], "max_tokens": {{MaxTokens}}, "seed": {{stream}}, "temperature": {{stream % 2}},
         "stream": true, "cache": false, "stream_options": {"include_usage": true} }
        """;

    private static async Task<ServedAnswer[]> UndisturbedAsync()
    {
        await using ServedCluster calm = await ServedCluster.StartAsync(silos: 1);
        return await Task.WhenAll(Enumerable.Range(0, Streams).Select(stream => calm.CompleteAsync(Body(stream), _ => { }))).WaitAsync(Limit);
    }

    private static async Task UntilAsync(ServedCluster served, string silo, WorkerState state)
    {
        using var limit = new CancellationTokenSource(Limit);
        WorkerStatus[] known;
        do
        {
            known = await served.Cluster.Router.GetWorkersAsync();
            Assert.False(limit.IsCancellationRequested, $"after {Limit} the router knows {string.Join<WorkerStatus>(' ', known)}");
        }
        while (!known.Any(worker => worker.Worker.Silo == silo && worker.State == state));
    }

    /// <summary>Engines that hang where they are told to, and whose factory hangs afterwards.</summary>
    private Task<ServedCluster> StartAsync(short silos, Hangs hangs) =>
        ServedCluster.StartAsync(silos, new EngineRoom
        {
            Vocabulary = ServedCluster.Vocabulary,
            StallLimit = Stall,
            Prepare = (silo, runner) =>
            {
                if (_broken.ContainsKey(silo))
                {
                    _end.Wait(Limit);
                }

                runner.Fault = (history, _) =>
                {
                    if (hangs(silo, history))
                    {
                        _broken[silo] = true;
                        _end.Wait(Limit);
                    }
                };
            },
        });

    private delegate bool Hangs(string silo, ReadOnlySpan<int> history);
}
