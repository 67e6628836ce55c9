using DeepSeekOrleans.Frontend.Generation;
using Orleans.Configuration;

namespace DeepSeekOrleans.Frontend;

public static class ClusterConnection
{
    // a silo that has just started needs this long to be found
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);
    private const int MaxAttempts = 40;

    // a frozen gateway takes calls until the membership is read again: not after the default's minute
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromMilliseconds(500);

    /// <summary>Connects a frontend that runs on its own with its cluster; while no silo can be reached it tries for ten seconds.</summary>
    public static IClientBuilder UseDeepSeekCluster(this IClientBuilder client, ClusterConnectionOptions cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (cluster.Redis.Length == 0)
        {
            return client.UseLocalhostClustering(cluster.GatewayPort, cluster.ServiceId, cluster.ClusterId);
        }

        int attempts = 0;
        return client
            .UseRedisClustering(cluster.Redis)
            .Configure<ClusterOptions>(options =>
            {
                options.ServiceId = cluster.ServiceId;
                options.ClusterId = cluster.ClusterId;
            })
            .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = GatewayRefresh)
            .AddClusterConnectionStatusObserver<GatewayWatch>()
            .UseConnectionRetryFilter(async (_, cancellationToken) =>
            {
                await Task.Delay(RetryPause, cancellationToken);
                return ++attempts < MaxAttempts;
            });
    }
}
