using DeepSeekOrleans.Embedded.Clustering;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Membership;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Hosting;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

public static class RedisClusteringISiloBuilderExtensions
{
    /// <summary>Silos and clients in several processes of this machine find each other through a Redis server.</summary>
    public static ISiloBuilder UseRedisClustering(this ISiloBuilder builder, string redisConnectionString) =>
        builder.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redisConnectionString));

    /// <inheritdoc cref="UseRedisClustering(ISiloBuilder, string)"/>
    public static ISiloBuilder UseRedisClustering(this ISiloBuilder builder, Action<RedisClusteringOptions> configuration)
    {
        RedisClusteringServices.AddTo(builder.Services, configuration);
        return builder;
    }
}

public static class RedisClusteringIClientBuilderExtensions
{
    /// <inheritdoc cref="RedisClusteringISiloBuilderExtensions.UseRedisClustering(ISiloBuilder, string)"/>
    public static IClientBuilder UseRedisClustering(this IClientBuilder builder, string redisConnectionString) =>
        builder.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redisConnectionString));

    /// <inheritdoc cref="RedisClusteringISiloBuilderExtensions.UseRedisClustering(ISiloBuilder, string)"/>
    public static IClientBuilder UseRedisClustering(this IClientBuilder builder, Action<RedisClusteringOptions> configuration)
    {
        RedisClusteringServices.AddTo(builder.Services, configuration);
        return builder;
    }
}

internal static class RedisClusteringServices
{
    public static void AddTo(IServiceCollection services, Action<RedisClusteringOptions> configuration)
    {
        services.Configure(configuration);
        services.AddSingleton<IValidateOptions<RedisClusteringOptions>, LoopbackRedisOnly>();
        services.AddSingleton<IClusterFactory, NetworkClusterFactory>();
    }
}
