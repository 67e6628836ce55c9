using DeepSeekOrleans.GrainHost.Contract.Tests.Support;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

[Collection(SharedCluster.Name)]
public sealed class ActivationTests(TwoSilos silos)
{
    [Fact]
    public async Task GetGrain_StringKey_GrainKnowsItsKey()
    {
        string key = silos.NewKeyOn(0);

        Assert.Equal(key, await silos.Client.GetGrain<IProbeGrain>(key).KeyAsync());
    }

    [Fact]
    public async Task FirstCalls_FromClientAndBothSilosAtOnce_MeetOneActivation()
    {
        string key = silos.NewKeyOn(1);
        IGrainFactory[] callers =
        [
            silos.Client,
            .. silos.Cluster.Silos.Select(silo => (IGrainFactory)silo.ServiceProvider.GetService(typeof(IGrainFactory))!),
        ];

        string[] activations = await Task.WhenAll(Enumerable.Range(0, 60)
            .Select(i => callers[i % callers.Length].GetGrain<IProbeGrain>(key).ActivationAsync()));

        Assert.Single(activations.Distinct());
    }

    [Fact]
    public async Task Deactivate_ThenCall_MakesANewActivation()
    {
        string key = silos.NewKeyOn(0);
        IProbeGrain grain = silos.Client.GetGrain<IProbeGrain>(key);
        string first = await grain.ActivationAsync();
        Signal deactivated = Signal.Named($"{key} deactivated");

        await grain.DeactivateAsync();
        string reason = await deactivated.WaitAsync();

        Assert.Equal(nameof(DeactivationReasonCode.ApplicationRequested), reason);
        Assert.NotEqual(first, await grain.ActivationAsync());
    }

    [Fact]
    public async Task Activation_ThatThrows_FailsTheCallAndIsTriedAgainByTheNext()
    {
        IFailingGrain grain = silos.Client.GetGrain<IFailingGrain>(silos.NewKey());

        Exception failure = await Assert.ThrowsAnyAsync<Exception>(grain.PingAsync);
        await Assert.ThrowsAnyAsync<Exception>(grain.PingAsync);

        Assert.Contains("refuses to start", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, Signal.Named($"{grain.GetPrimaryKeyString()} tried").Count);
    }

    [Fact]
    public async Task GetGrain_InterfaceWithoutAClass_IsRefused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => silos.Client.GetGrain<IUnimplementedGrain>("key").PingAsync());
    }

    [Fact]
    public async Task Constructor_GetsServicesOfItsSilo()
    {
        string name = await silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(1)).SiloNameAsync();

        Assert.Equal("Silo_1", name);
    }

    [Fact]
    public async Task Reference_OfTheSameGrain_IsEqual()
    {
        string key = silos.NewKey();
        IProbeGrain first = silos.Client.GetGrain<IProbeGrain>(key);
        IProbeGrain second = silos.Client.GetGrain<IProbeGrain>(key);

        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.NotEqual(first, silos.Client.GetGrain<IProbeGrain>(silos.NewKey()));
        await first.KeyAsync();
    }

    [Fact]
    public async Task Deactivated_DisposesTheGrain()
    {
        string key = silos.NewKey();
        Signal disposed = Signal.Named($"{key} disposed");
        IDisposableGrain grain = silos.Client.GetGrain<IDisposableGrain>(key);

        await grain.EndAsync();

        await disposed.WaitAsync();
    }
}

public interface IFailingGrain : IGrainWithStringKey
{
    Task PingAsync();
}

public sealed class FailingGrain : Grain, IFailingGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Signal.Named($"{this.GetPrimaryKeyString()} tried").Raise();
        throw new InvalidOperationException("this grain refuses to start");
    }

    public Task PingAsync() => Task.CompletedTask;
}

public interface IUnimplementedGrain : IGrainWithStringKey
{
    Task PingAsync();
}

public interface IDisposableGrain : IGrainWithStringKey
{
    Task EndAsync();
}

public sealed class DisposableGrain : Grain, IDisposableGrain, IAsyncDisposable
{
    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Signal.Named($"{this.GetPrimaryKeyString()} disposed").Raise();
        return ValueTask.CompletedTask;
    }
}
