using Orleans.Configuration;
using StackExchange.Redis;

namespace Orleans.Clustering.Redis;

/// <summary>Where the cluster's membership is kept.</summary>
public class RedisClusteringOptions
{
    /// <summary>Only loopback end points are accepted: addresses of silos on loopback mean nothing to another machine.</summary>
    public ConfigurationOptions? ConfigurationOptions { get; set; }

    /// <summary>Without another setting an entry stays for good.</summary>
    public TimeSpan? EntryExpiry { get; set; }

    public Func<ClusterOptions, RedisKey> CreateRedisKey { get; set; } = DefaultCreateRedisKey;

    // Not the official package's key: neither host can read what the other one writes.
    private static RedisKey DefaultCreateRedisKey(ClusterOptions clusterOptions) =>
        $"{clusterOptions.ServiceId}/embedded-members/{clusterOptions.ClusterId}";
}
