using System.Net;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace DeepSeekOrleans.GrainHost.Contract.SiloProcess;

public static class TestClusterExtensions
{
    /// <summary>A silo of a cluster in several processes, with the liveness settings of the product.</summary>
    public static ISiloBuilder UseTestCluster(this ISiloBuilder silo, string redis, string cluster, string name, int siloPort, int gatewayPort) => silo
        .UseRedisClustering(redis)
        .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = cluster)
        .Configure<SiloOptions>(options => options.SiloName = name)
        .Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = IPAddress.Loopback;
            options.SiloPort = siloPort;
            options.GatewayPort = gatewayPort;
            options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, siloPort);
            options.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Loopback, gatewayPort);
        })
        .Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            options.NumVotesForDeathDeclaration = 1;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        });
}
