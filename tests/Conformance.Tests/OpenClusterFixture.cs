using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Conformance.Tests;

/// <summary>Two silos with the demo model, open to every local request.</summary>
public sealed class OpenClusterFixture : IAsyncLifetime
{
    public ClusterProcess Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await ClusterProcess.StartAsync("--silos", "2");

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class OpenCluster : ICollectionFixture<OpenClusterFixture>
{
    public const string Name = "open cluster";
}
