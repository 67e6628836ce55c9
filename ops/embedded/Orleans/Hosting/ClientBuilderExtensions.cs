using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Hosting;

public static class ClientBuilderExtensions
{
    public static IClientBuilder ConfigureServices(this IClientBuilder builder, Action<IServiceCollection> configureDelegate)
    {
        configureDelegate(builder.Services);
        return builder;
    }

    public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, Action<TOptions> configureOptions)
        where TOptions : class
    {
        builder.Services.Configure(configureOptions);
        return builder;
    }

    public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, IConfiguration configuration)
        where TOptions : class
    {
        builder.Services.Configure<TOptions>(configuration);
        return builder;
    }

    /// <summary>A cluster on this machine.</summary>
    public static IClientBuilder UseLocalhostClustering(
        this IClientBuilder builder,
        int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        string serviceId = "dev",
        string clusterId = "dev") => builder.UseLocalhostClustering([gatewayPort], serviceId, clusterId);

    /// <inheritdoc cref="UseLocalhostClustering(IClientBuilder, int, string, string)"/>
    /// <param name="gatewayPorts">Within one process every gateway of the cluster is used, whatever its port.</param>
    public static IClientBuilder UseLocalhostClustering(
        this IClientBuilder builder,
        int[] gatewayPorts,
        string serviceId = "dev",
        string clusterId = "dev") => builder.Configure<ClusterOptions>(options =>
    {
        options.ServiceId = serviceId;
        options.ClusterId = clusterId;
    });

    /// <summary>Has the client's connections told to an observer. In a cluster of one process there are none.</summary>
    public static IClientBuilder AddClusterConnectionStatusObserver<TObserver>(this IClientBuilder builder)
        where TObserver : class, IClusterConnectionStatusObserver
    {
        builder.Services.AddSingleton<IClusterConnectionStatusObserver, TObserver>();
        return builder;
    }

    /// <inheritdoc cref="AddClusterConnectionStatusObserver{TObserver}(IClientBuilder)"/>
    public static IClientBuilder AddClusterConnectionStatusObserver<TObserver>(this IClientBuilder builder, TObserver observer)
        where TObserver : IClusterConnectionStatusObserver
    {
        builder.Services.AddSingleton<IClusterConnectionStatusObserver>(observer);
        return builder;
    }

    /// <summary>Decides, after the client has found no gateway, whether it tries again.</summary>
    public static IClientBuilder UseConnectionRetryFilter(
        this IClientBuilder builder,
        Func<Exception, CancellationToken, Task<bool>> connectionRetryFilter)
    {
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(new RetryFilter(connectionRetryFilter));
        return builder;
    }

    private sealed class RetryFilter(Func<Exception, CancellationToken, Task<bool>> filter) : IClientConnectionRetryFilter
    {
        public Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken) =>
            filter(exception, cancellationToken);
    }
}
