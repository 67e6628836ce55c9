using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.EmbeddedOnly;

/// <summary>The embedded host measures idleness by the container's clock, so that tests need not wait.</summary>
public sealed class FakeTimeCollectionTests
{
    [Fact]
    public async Task Idle_ForFifteenMinutesOfTheContainersClock_IsCollected()
    {
        var time = new FakeTimeProvider();
        InProcessTestClusterBuilder builder = TwoSilos.NewBuilder(1);
        builder.ConfigureSiloHost((_, host) => host.Services.AddSingleton<TimeProvider>(time));
        await using InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        Signal deactivated = Signal.Named("Silo_0/fake time deactivated");
        await cluster.Client.GetGrain<IProbeGrain>("Silo_0/fake time").CountAsync();

        time.Advance(TimeSpan.FromMinutes(14));
        await cluster.Client.GetGrain<IProbeGrain>("Silo_0/pace").CountAsync();
        bool wasEarly = deactivated.IsRaised;
        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(nameof(DeactivationReasonCode.ActivationIdle), await deactivated.WaitAsync());
        Assert.False(wasEarly);
    }
}
