using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>The parts of one client, put together from its options.</summary>
internal sealed class ClientRuntime : IAsyncDisposable, IDisposable
{
    public ClientRuntime(IServiceProvider services)
    {
        ClusterOptions options = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        Cluster = services.GetService<IClusterFactory>()?.Create(options) ?? InProcessCluster.Enter(options);
        ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.Client");
        var node = new NodeServices(
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<IOptions<ClientMessagingOptions>>().Value,
            logger,
            [.. services.GetServices<IOutgoingGrainCallFilter>()]);
        Node = new ClientNode(Cluster, node, new GatewayCount([.. services.GetServices<IClusterConnectionStatusObserver>()], logger));
        Factory = new GrainFactory(Node, services);
    }

    public ICluster Cluster { get; }

    public ClientNode Node { get; }

    public GrainFactory Factory { get; }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisconnectAsync(Node).ConfigureAwait(false);
        Node.Close();
        await Cluster.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>For containers that are disposed synchronously; nothing here waits for anything but sockets to close.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
