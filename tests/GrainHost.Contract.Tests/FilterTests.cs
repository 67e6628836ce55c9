using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Orleans.TestingHost;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

/// <summary>Filters, request context and what a silo does when it starts; one cluster for all of them.</summary>
public sealed class FilterTests(FilterTests.FilteredCluster filtered) : IClassFixture<FilterTests.FilteredCluster>
{
    private IClusterClient Client => filtered.Cluster.Client;

    [Fact]
    public async Task RequestContext_SetByTheClient_ReachesGrainsAndThoseTheyCall()
    {
        RequestContext.Set("tenant", "acme");

        string seen = await Client.GetGrain<IContextGrain>("Silo_0/first").ReadByOtherAsync("Silo_1/second", "tenant");
        RequestContext.Clear();

        Assert.Equal("acme", seen);
    }

    [Fact]
    public async Task RequestContext_SetByAGrain_StaysWithItsOwnCalls()
    {
        await Client.GetGrain<IContextGrain>("Silo_0/setter").SetAsync("leak", "value");

        Assert.Null(RequestContext.Get("leak"));
        Assert.Equal("", await Client.GetGrain<IContextGrain>("Silo_0/setter").ReadAsync("leak"));
    }

    [Fact]
    public async Task IncomingFilter_SeesTheCallAndMayReplaceItsResult()
    {
        string result = await Client.GetGrain<IContextGrain>("Silo_0/filtered").FilteredAsync("sent");

        Assert.Equal("FilteredAsync(sent)=grain got sent", result);
    }

    [Fact]
    public async Task OutgoingFilter_OfTheClient_RunsBeforeTheCall()
    {
        Assert.Equal("client", await Client.GetGrain<IContextGrain>("Silo_0/outgoing").ReadAsync("added by filter"));
    }

    [Fact]
    public async Task OutgoingFilter_OfASilo_RunsBeforeCallsOfItsGrains()
    {
        Assert.Equal("silo", await Client.GetGrain<IContextGrain>("Silo_0/out").ReadByOtherAsync("Silo_1/out", "added by filter"));
    }

    [Fact]
    public async Task IncomingFilter_ThatThrows_FailsTheCall()
    {
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => Client.GetGrain<IContextGrain>("Silo_1/refused").RefusedAsync());
    }

    [Fact]
    public void StartupTask_HasCalledAGrainBeforeTheSiloWasReady()
    {
        Assert.Equal(2, filtered.StartedGrains);
    }

    [Fact]
    public void LifecycleParticipants_AreStartedInTheOrderOfTheirStages()
    {
        Assert.Equal(["application", "active"], filtered.StartedStages);
    }

    public sealed class FilteredCluster : IAsyncLifetime
    {
        private int _startedGrains;

        public FilteredCluster()
        {
            InProcessTestClusterBuilder builder = TwoSilos.NewBuilder(2);
            builder.ConfigureSilo(ConfigureSilo);
            builder.ConfigureClient(client => client.AddOutgoingGrainCallFilter(context =>
            {
                RequestContext.Set("added by filter", "client");
                return context.Invoke();
            }));
            Cluster = builder.Build();
        }

        public InProcessTestCluster Cluster { get; }

        public int StartedGrains => _startedGrains;

        public List<string> StartedStages { get; } = [];

        public Task InitializeAsync() => Cluster.DeployAsync();

        public async Task DisposeAsync() => await Cluster.DisposeAsync();

        private void ConfigureSilo(InProcessTestSiloSpecificOptions options, ISiloBuilder silo)
        {
            silo.AddIncomingGrainCallFilter<AnnotatingFilter>();
            silo.AddOutgoingGrainCallFilter(context =>
            {
                RequestContext.Set("added by filter", "silo");
                return context.Invoke();
            });
            silo.AddStartupTask(async (services, _) =>
            {
                var grains = (IGrainFactory)services.GetService(typeof(IGrainFactory))!;
                await grains.GetGrain<IContextGrain>($"{options.SiloName}/startup").ReadAsync("nothing");
                Interlocked.Increment(ref _startedGrains);
            });
            if (options.SiloName == "Silo_0")
            {
                silo.AddStartupTask((_, _) => AddStage("active"), ServiceLifecycleStage.Active);
                silo.AddStartupTask((_, _) => AddStage("application"), ServiceLifecycleStage.ApplicationServices);
            }
        }

        private Task AddStage(string name)
        {
            StartedStages.Add(name);
            return Task.CompletedTask;
        }
    }

    private sealed class AnnotatingFilter : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.MethodName == nameof(IContextGrain.RefusedAsync))
            {
                throw new UnauthorizedAccessException("not allowed");
            }

            await context.Invoke();
            if (context.MethodName == nameof(IContextGrain.FilteredAsync))
            {
                context.Result = $"{context.MethodName}({context.Request.GetArgument(0)})={context.Result}";
            }
        }
    }
}

public interface IContextGrain : IGrainWithStringKey
{
    Task<string> ReadAsync(string key);

    Task<string> ReadByOtherAsync(string otherKey, string key);

    Task SetAsync(string key, string value);

    Task<string> FilteredAsync(string text);

    Task RefusedAsync();
}

[PinnedPlacement]
public sealed class ContextGrain : Grain, IContextGrain
{
    public Task<string> ReadAsync(string key) => Task.FromResult(RequestContext.Get(key) as string ?? "");

    public Task<string> ReadByOtherAsync(string otherKey, string key) => GrainFactory.GetGrain<IContextGrain>(otherKey).ReadAsync(key);

    public Task SetAsync(string key, string value)
    {
        RequestContext.Set(key, value);
        return Task.CompletedTask;
    }

    public Task<string> FilteredAsync(string text) => Task.FromResult($"grain got {text}");

    public Task RefusedAsync() => Task.CompletedTask;
}
