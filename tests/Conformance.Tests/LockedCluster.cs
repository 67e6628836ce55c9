using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Conformance.Tests;

/// <summary>One silo whose frontend demands a key.</summary>
public sealed class LockedClusterFixture : IAsyncLifetime
{
    public string Key { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    public ClusterProcess Cluster { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        string file = Path.Combine(AppContext.BaseDirectory, $"keys-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(file, $"# tenant and hash\nhospital {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}\n");
        Cluster = await ClusterProcess.StartAsync("--api-keys", file);
        File.Delete(file);
    }

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}
