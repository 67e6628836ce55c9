using System.Net;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>The parts of one silo, put together from its options.</summary>
internal sealed class SiloRuntime : IAsyncDisposable, IDisposable
{
    public SiloRuntime(IServiceProvider services)
    {
        EndpointOptions endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        ClusterOptions clusterOptions = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        string name = services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName;
        int generation = SiloAddress.AllocateNewGeneration();
        var address = SiloAddress.New(endpoints.AdvertisedIPAddress, endpoints.SiloPort, generation);
        var gateway = SiloAddress.New(endpoints.AdvertisedIPAddress, endpoints.GatewayPort, generation);
        Details = new LocalSilo(name, clusterOptions.ClusterId, Dns.GetHostName(), address, gateway);
        Cluster = services.GetService<IClusterFactory>()?.Create(clusterOptions) ?? InProcessCluster.Enter(clusterOptions);
        Node = new SiloNode(address, Cluster, services, new NodeServices(
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value,
            services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.Silo"),
            [.. services.GetServices<IOutgoingGrainCallFilter>()]));
        Factory = new GrainFactory(Node, services);
    }

    public ILocalSiloDetails Details { get; }

    public ICluster Cluster { get; }

    public SiloNode Node { get; }

    public GrainFactory Factory { get; }

    public Task SetStatusAsync(SiloStatus status, CancellationToken cancellationToken) =>
        Cluster.SetStatusAsync(Details, status, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Node.Close();
        await Cluster.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>For containers that are disposed synchronously; nothing here waits for anything but sockets to close.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private sealed record LocalSilo(
        string Name,
        string ClusterId,
        string DnsHostName,
        SiloAddress SiloAddress,
        SiloAddress GatewayAddress) : ILocalSiloDetails;
}
