using DeepSeekOrleans.GrainHost.Contract.Tests.Support;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

[Collection(SharedCluster.Name)]
public sealed class CancellationTests(TwoSilos silos)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Cancel_WhileTheGrainWaits_ReachesCallerAndGrain(int silo)
    {
        using var cancellation = new CancellationTokenSource();
        string name = silos.NewKey();
        Task call = silos.Client.GetGrain<ICancellableGrain>(silos.NewKeyOn(silo)).WaitAsync(name, cancellation.Token);
        await Signal.Named($"{name} entered").WaitAsync();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Signal.Named($"{name} cancelled").WaitAsync();
    }

    [Fact]
    public async Task Cancel_AcrossSilosFromAGrain_ReachesTheOtherGrain()
    {
        using var cancellation = new CancellationTokenSource();
        string name = silos.NewKey();
        Task call = silos.Client.GetGrain<ICancellableGrain>(silos.NewKeyOn(0)).WaitByOtherAsync(silos.NewKeyOn(1), name, cancellation.Token);
        await Signal.Named($"{name} entered").WaitAsync();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Signal.Named($"{name} cancelled").WaitAsync();
    }

    [Fact]
    public async Task Token_CancelledBefore_TheGrainIsNotCalled()
    {
        string name = silos.NewKey();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            silos.Client.GetGrain<ICancellableGrain>(silos.NewKeyOn(0)).WaitAsync(name, new CancellationToken(canceled: true)));

        Assert.False(Signal.Named($"{name} entered").IsRaised);
    }

    [Fact]
    public async Task Token_NeverCancelled_TheCallEndsAsItShould()
    {
        using var cancellation = new CancellationTokenSource();
        string name = silos.NewKey();
        Task call = silos.Client.GetGrain<ICancellableGrain>(silos.NewKeyOn(1)).WaitAsync(name, cancellation.Token);

        Signal.Named(name).Raise();

        await call;
    }

    [Fact]
    public async Task Cancel_WhileTheCallWaitsForItsTurn_EndsIt()
    {
        ICancellableGrain grain = silos.Client.GetGrain<ICancellableGrain>(silos.NewKeyOn(1));
        (string first, string second) = (silos.NewKey(), silos.NewKey());
        using var cancellation = new CancellationTokenSource();
        Task running = grain.WaitAsync(first, CancellationToken.None);
        await Signal.Named($"{first} entered").WaitAsync();
        Task waiting = grain.WaitAsync(second, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Signal.Named(first).Raise();
        await running;
    }
}

public interface ICancellableGrain : IGrainWithStringKey
{
    Task WaitAsync(string name, CancellationToken cancellationToken);

    Task WaitByOtherAsync(string otherKey, string name, CancellationToken cancellationToken);
}

[PinnedPlacement]
public sealed class CancellableGrain : Grain, ICancellableGrain
{
    public async Task WaitAsync(string name, CancellationToken cancellationToken)
    {
        Signal.Named($"{name} entered").Raise();
        try
        {
            await Signal.Named(name).Raised.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Signal.Named($"{name} cancelled").Raise();
            throw;
        }
    }

    public Task WaitByOtherAsync(string otherKey, string name, CancellationToken cancellationToken) =>
        GrainFactory.GetGrain<ICancellableGrain>(otherKey).WaitAsync(name, cancellationToken);
}
