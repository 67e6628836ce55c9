using DeepSeekOrleans.GrainHost.Contract.Tests.Support;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.EmbeddedOnly;

/// <summary>The embedded host keeps the order of one-way calls from one sender to one target, which the official runtime does not.</summary>
[Collection(SharedCluster.Name)]
public sealed class OrderTests(TwoSilos silos)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task OneWay_ToAGrainWithoutAPlaceYet_KeepsOrder(int silo)
    {
        string key = silos.NewKeyOn(silo);
        ISequenceGrain grain = silos.Client.GetGrain<ISequenceGrain>(key);
        Signal complete = Signal.Named($"{key} complete");

        for (int i = 0; i < 500; i++)
        {
            await grain.AddAsync(i, 500);
        }

        await complete.WaitAsync();
        Assert.Equal(Enumerable.Range(0, 500), await grain.SeenAsync());
    }

    [Fact]
    public async Task OneWay_ToAnObserverFromAPlainThread_KeepsOrder()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);

        await silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(0)).TellFromThreadAsync(reference, 1000);

        Assert.Equal(Enumerable.Range(0, 1000), await observer.WaitForAsync(1000));
        GC.KeepAlive(observer);
    }
}
