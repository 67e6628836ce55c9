using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>What a client registers in its host's container.</summary>
internal static class ClientServices
{
    /// <summary>May be called more than once for the same host; the services are registered once.</summary>
    public static IClientBuilder AddTo(IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(service => service.ServiceType == typeof(SiloRuntime)))
        {
            throw new InvalidOperationException("a host is a silo or has a client, not both; a silo's services contain an IClusterClient");
        }

        if (!services.Any(service => service.ServiceType == typeof(ClientRuntime)))
        {
            services.AddLogging();
            services.AddOptions();
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton<ClientRuntime>();
            services.AddHostedService<ClientHostedService>();
            services.AddSingleton<IClusterClient>(provider => provider.GetRequiredService<ClientRuntime>().Factory);
            services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<ClientRuntime>().Factory);
        }

        return new ClientBuilder(services, configuration);
    }

    private sealed record ClientBuilder(IServiceCollection Services, IConfiguration Configuration) : IClientBuilder;
}
