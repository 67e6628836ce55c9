using Orleans.TestingHost;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Support;

/// <summary>A cluster of two silos that no test harms, shared by the tests of one collection.</summary>
public sealed class TwoSilos : IAsyncLifetime
{
    private int _lastKey;

    public InProcessTestCluster Cluster { get; } = NewBuilder(2).Build();

    public IClusterClient Client => Cluster.Client;

    public static InProcessTestClusterBuilder NewBuilder(short silos)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) => silo.AddPlacementDirector<PinnedPlacement, PinnedPlacementDirector>());
        return builder;
    }

    /// <summary>A key that no other test uses.</summary>
    public string NewKey() => $"key-{Interlocked.Increment(ref _lastKey)}-{Guid.NewGuid():N}";

    public string NewKeyOn(int silo) => $"Silo_{silo}/{NewKey()}";

    public Task InitializeAsync() => Cluster.DeployAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class SharedCluster : ICollectionFixture<TwoSilos>
{
    public const string Name = "shared cluster";
}
