using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Lifecycle;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Placement;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>What a silo registers in its host's container.</summary>
internal static class SiloServices
{
    /// <summary>May be called more than once for the same host; the services are registered once.</summary>
    public static ISiloBuilder AddTo(IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(service => service.ServiceType == typeof(ClientRuntime)))
        {
            throw new InvalidOperationException("a host is a silo or has a client, not both; a silo's services contain an IClusterClient");
        }

        if (!services.Any(service => service.ServiceType == typeof(SiloRuntime)))
        {
            AddServices(services);
        }

        return new SiloBuilder(services, configuration);
    }

    private static void AddServices(IServiceCollection services)
    {
        services.AddLogging();
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IValidateOptions<EndpointOptions>, LoopbackOnly>();
        services.AddSingleton<IValidateOptions<GrainCollectionOptions>, GrainCollectionOptionsValidator>();
        services.PostConfigure<SiloOptions>(options => options.SiloName ??= $"Silo_{Guid.NewGuid().ToString("N")[..5]}");

        services.AddSingleton<SiloRuntime>();
        services.AddSingleton<SiloLifecycle>();
        services.AddSingleton<ISiloLifecycle>(provider => provider.GetRequiredService<SiloLifecycle>());
        services.AddHostedService<SiloHostedService>();

        services.AddSingleton<ILocalSiloDetails>(provider => provider.GetRequiredService<SiloRuntime>().Details);
        services.AddSingleton<IClusterMembershipService>(provider =>
            new ClusterMembershipService(provider.GetRequiredService<SiloRuntime>().Cluster));
        services.AddSingleton<IClusterClient>(provider => provider.GetRequiredService<SiloRuntime>().Factory);
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<SiloRuntime>().Factory);
        services.AddScoped<IGrainContext>(_ =>
            RuntimeContext.Current ?? throw new InvalidOperationException("a grain context exists only inside a grain"));

        services.TryAddKeyedSingleton<IPlacementDirector, RandomPlacementDirector>(typeof(RandomPlacement));
        services.TryAddKeyedSingleton<IPlacementDirector, PreferLocalPlacementDirector>(typeof(PreferLocalPlacement));
    }

    private sealed record SiloBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;
}
