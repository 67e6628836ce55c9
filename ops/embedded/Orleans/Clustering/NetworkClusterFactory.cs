using DeepSeekOrleans.Embedded.Membership;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;

namespace DeepSeekOrleans.Embedded.Clustering;

internal sealed class NetworkClusterFactory(
    IOptions<RedisClusteringOptions> redis,
    IOptions<ClusterMembershipOptions> membership,
    IOptions<EndpointOptions> endpoints,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers) : IClusterFactory
{
    public ICluster Create(ClusterOptions options) => new NetworkCluster(
        new RedisTable(redis.Value, options), options, endpoints.Value, membership.Value, lifetime, loggers.CreateLogger("Orleans.Membership"));
}
