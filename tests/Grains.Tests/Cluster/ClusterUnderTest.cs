using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>Silos of one process with a loaded worker each, and a frontend that listens to them.</summary>
internal sealed class ClusterUnderTest : IAsyncDisposable
{
    public const string Model = "demo";

    private readonly TestFrontend _frontend = new();
    private readonly ITokenObserver _observer;
    private long _lastStream;

    private ClusterUnderTest(InProcessTestCluster cluster, EngineRoom engines)
    {
        Cluster = cluster;
        Engines = engines;
        _observer = cluster.Client.CreateObjectReference<ITokenObserver>(_frontend);
    }

    public InProcessTestCluster Cluster { get; }

    public EngineRoom Engines { get; }

    public IPromptCacheGrain Router => Cluster.Client.GetGrain<IPromptCacheGrain>(RouterKey.Of(Model));

    public static async Task<ClusterUnderTest> StartAsync(
        short silos, EngineRoom engines, Action<GpuWorkerOptions>? configure = null, Action<InProcessTestClusterBuilder>? build = null)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((options, silo) =>
        {
            silo.AddDeepSeekGrains();
            silo.Services.AddSingleton(engines.SourceFor(options.SiloName));
            silo.Services.Configure(configure ?? (_ => { }));
        });
        build?.Invoke(builder);
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        var started = new ClusterUnderTest(cluster, engines);
        foreach (InProcessSiloHandle silo in cluster.Silos)
        {
            await started.Worker(KeyOf(silo.Name)).LoadAsync(CancellationToken.None);
        }

        await started.WaitUntilRoutableAsync(silos);
        return started;
    }

    public static WorkerKey KeyOf(string silo) => new(silo, "cpu0", Model);

    /// <summary>A different prompt for each stream; greedy, so that its tokens depend on nothing else.</summary>
    public static GenerationOrder OrderOf(long stream, int maxTokens = 40) => new()
    {
        Tenant = "local",
        PromptIds = [1, (int)(stream % 90), (int)(stream / 90)],
        MaxTokens = maxTokens,
        Sampling = new SamplingOrder { Seed = 7 },
    };

    public IGpuWorkerGrain Worker(WorkerKey key) => Cluster.Client.GetGrain<IGpuWorkerGrain>(key.ToString());

    public ISessionGrain NewSession() => Cluster.Client.GetGrain<ISessionGrain>($"local/{Guid.NewGuid():N}");

    public SessionRequest NewRequest(AnswerKey? answer = null)
    {
        long stream = Interlocked.Increment(ref _lastStream);
        return new SessionRequest
        {
            RequestId = $"request-{stream}",
            StreamId = stream,
            Model = Model,
            PromptTokens = 3,
            MaxTokens = 40,
            PrefixChain = [],
            AnswerKey = answer,
        };
    }

    public HeardStream Listen(Dispatch dispatch) => _frontend.Listen(dispatch.Attempt.StreamId);

    /// <summary>Dispatches one stream without starting it.</summary>
    public async Task<Dispatch> DispatchAsync(AnswerKey? answer = null)
    {
        Dispatch dispatch = await NewSession().BeginAsync(NewRequest(answer));
        Assert.Equal(DispatchKind.Run, dispatch.Kind);
        return dispatch;
    }

    public Task<StartReply> StartAsync(Dispatch dispatch, GenerationOrder order, ITokenObserver? frontend = null) =>
        Worker(dispatch.Worker).StartAsync(dispatch.Attempt, order, frontend ?? _observer);

    /// <summary>Makes a frontend of the test's own reachable; the test keeps it alive.</summary>
    public ITokenObserver Frontend(ITokenObserver frontend) => Cluster.Client.CreateObjectReference<ITokenObserver>(frontend);

    /// <summary>The sizes of the tables of the only worker of a silo.</summary>
    public TableSizes TablesOf(string silo)
    {
        InProcessSiloHandle handle = Cluster.Silos.Single(handle => handle.Name == silo);
        LocalWorkers workers = Cluster.GetSiloServiceProvider(handle.SiloAddress).GetRequiredService<LocalWorkers>();
        return workers.Serving.Single().Tables;
    }

    /// <summary>Dispatches and starts one stream.</summary>
    public async Task<Dispatch> OpenStreamAsync(int maxTokens = 40)
    {
        Dispatch dispatch = await DispatchAsync();
        Assert.Equal(StartReply.Admitted, await StartAsync(dispatch, OrderOf(dispatch.Attempt.StreamId, maxTokens)));
        return dispatch;
    }

    public Task<StreamOutcome> EndAsync(Dispatch dispatch) => _frontend.EndAsync(dispatch.Attempt.StreamId, dispatch.Worker);

    public async ValueTask DisposeAsync()
    {
        Engines.Release();
        await Cluster.DisposeAsync();
        Engines.Dispose();
    }

    /// <summary>A worker's first report is one-way and may still be under way when its load is answered.</summary>
    private async Task WaitUntilRoutableAsync(int workers)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        WorkerStatus[] known;
        do
        {
            known = await Router.GetWorkersAsync();
            Assert.False(limit.IsCancellationRequested, $"the router knows {known.Length} of {workers} workers: {string.Join<WorkerStatus>(' ', known)}");
        }
        while (known.Length < workers);
    }
}
