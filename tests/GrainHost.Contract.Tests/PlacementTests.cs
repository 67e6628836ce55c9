using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

[Collection(SharedCluster.Name)]
public sealed class PlacementTests(TwoSilos silos)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Director_OfOurOwn_ChoosesTheSilo(int silo)
    {
        Assert.Equal($"Silo_{silo}", await silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(silo)).SiloNameAsync());
    }

    [Fact]
    public async Task PreferLocal_CalledFromAGrain_IsPlacedOnItsSilo()
    {
        IScoutGrain scout = silos.Client.GetGrain<IScoutGrain>(silos.NewKeyOn(1));

        string[] names = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => scout.WhereIsNearAsync(silos.NewKey())));

        Assert.Equal(["Silo_1"], names.Distinct());
    }

    [Fact]
    public async Task Random_ManyGrains_UsesBothSilos()
    {
        string[] names = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => silos.Client.GetGrain<IAnywhereGrain>(silos.NewKey()).SiloNameAsync()));

        Assert.Equal(["Silo_0", "Silo_1"], names.Distinct().Order());
    }

    [Fact]
    public async Task Hint_InTheRequestContext_IsFollowed()
    {
        SiloAddress wanted = silos.Cluster.Silos.Single(silo => silo.Name == "Silo_1").SiloAddress;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, wanted);

        string[] names = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(_ => silos.Client.GetGrain<IAnywhereGrain>(silos.NewKey()).SiloNameAsync()));
        RequestContext.Clear();

        Assert.Equal(["Silo_1"], names.Distinct());
    }
}

public interface IAnywhereGrain : IGrainWithStringKey
{
    Task<string> SiloNameAsync();
}

[RandomPlacement]
public sealed class AnywhereGrain(ILocalSiloDetails silo) : Grain, IAnywhereGrain
{
    public Task<string> SiloNameAsync() => Task.FromResult(silo.Name);
}

public interface INearGrain : IGrainWithStringKey
{
    Task<string> SiloNameAsync();
}

[PreferLocalPlacement]
public sealed class NearGrain(ILocalSiloDetails silo) : Grain, INearGrain
{
    public Task<string> SiloNameAsync() => Task.FromResult(silo.Name);
}

public interface IScoutGrain : IGrainWithStringKey
{
    Task<string> WhereIsNearAsync(string key);
}

[PinnedPlacement]
public sealed class ScoutGrain : Grain, IScoutGrain
{
    public Task<string> WhereIsNearAsync(string key) => GrainFactory.GetGrain<INearGrain>(key).SiloNameAsync();
}
