using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

/// <summary>The collection of idle grains. The official runtime measures idleness in real time only, so the ages are short here.</summary>
public sealed class CollectionTests : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster;

    public CollectionTests()
    {
        InProcessTestClusterBuilder builder = TwoSilos.NewBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionAge = TimeSpan.FromSeconds(1);
            options.CollectionQuantum = TimeSpan.FromMilliseconds(200);
        }));
        _cluster = builder.Build();
    }

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Idle_LongerThanItsAge_IsCollected()
    {
        Signal deactivated = Signal.Named("Silo_0/idle deactivated");

        await _cluster.Client.GetGrain<IProbeGrain>("Silo_0/idle").CountAsync();

        Assert.Equal(nameof(DeactivationReasonCode.ActivationIdle), await deactivated.WaitAsync());
    }

    [Fact]
    public async Task KeepAlive_HoweverIdle_IsNotCollected()
    {
        await _cluster.Client.GetGrain<ITickingGrain>("kept").TicksAsync();
        Signal other = Signal.Named("Silo_0/yardstick deactivated");

        await _cluster.Client.GetGrain<IProbeGrain>("Silo_0/yardstick").CountAsync();
        await other.WaitAsync();

        Assert.False(Signal.Named("kept deactivated").IsRaised);
    }

    [Fact]
    public async Task DelayDeactivation_WhileIdle_KeepsTheGrain()
    {
        await _cluster.Client.GetGrain<IDelayingGrain>("delayed").DelayAsync();
        Signal other = Signal.Named("Silo_0/second yardstick deactivated");

        await _cluster.Client.GetGrain<IProbeGrain>("Silo_0/second yardstick").CountAsync();
        await other.WaitAsync();

        Assert.False(Signal.Named("delayed deactivated").IsRaised);
    }
}

public interface IDelayingGrain : IGrainWithStringKey
{
    Task DelayAsync();
}

public sealed class DelayingGrain : Grain, IDelayingGrain
{
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Signal.Named($"{this.GetPrimaryKeyString()} deactivated").Raise();
        return Task.CompletedTask;
    }

    public Task DelayAsync()
    {
        DelayDeactivation(TimeSpan.FromMinutes(5));
        return Task.CompletedTask;
    }
}
