using System.Net;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains;
using DeepSeekOrleans.Grains.GpuWorkers;
using DeepSeekOrleans.Grains.PromptCaches;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Grains.Sessions;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Silo.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

namespace DeepSeekOrleans.Silo;

public static class SiloHostBuilderExtensions
{
    /// <summary>
    /// Makes the host a silo. Options come from the sections Silo, Engine, Onnx, Worker, Routing, ResponseCache, Conversations and Storage;
    /// the host's start ends when the workers have loaded, see <see cref="SiloHealth"/>. May be used for several hosts in one process.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Applied after the configuration.</param>
    /// <remarks>The start fails with a <see cref="ContractMismatchException"/> where the cluster speaks another version of the contract.</remarks>
    /// <exception cref="OptionsValidationException">The options of the section Silo are wrong; the others are checked at start.</exception>
    public static IHostApplicationBuilder AddDeepSeekSilo(this IHostApplicationBuilder builder, Action<SiloHostOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        SiloHostOptions silo = ReadSiloOptions(builder.Configuration, configure);
        builder.Services.AddSingleton(Options.Create(silo));
        builder.Services
            .AddCheckedOptions<EngineOptions>(EngineOptions.Section)
            .AddCheckedOptions<OnnxRunnerOptions>(OnnxRunnerOptions.Section)
            .AddCheckedOptions<GpuWorkerOptions>(GpuWorkerOptions.Section)
            .AddCheckedOptions<RoutingOptions>(RoutingOptions.Section)
            .AddCheckedOptions<ResponseCacheOptions>(ResponseCacheOptions.Section)
            .AddCheckedOptions<ConversationOptions>(ConversationOptions.Section)
            .AddCheckedOptions<StorageOptions>(StorageOptions.Section)
            .AddSingleton<SiloHealth>()
            .AddSingleton<SiloLoad>()
            .AddHostedService<HealthListener>()
            .AddSingleton<IWorkerEngineSource, OnnxWorkerEngineSource>()
            .AddSingleton(ContractVersion.From(builder.Configuration[ContractVersion.TestSetting]))
            .AddSingleton<ContractClaim>()
            .AddHostedService(services => services.GetRequiredService<ContractClaim>());

        // after the claim, so that the silo joins later and leaves earlier
        return builder.UseOrleans(orleans => Configure(orleans, silo));
    }

    private static void Configure(ISiloBuilder orleans, SiloHostOptions silo)
    {
        JoinCluster(orleans, silo);
        orleans
            .Configure<SiloOptions>(options => options.SiloName = silo.Name)
            .Configure<ClusterMembershipOptions>(Tighten)
            .Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(10))
            .AddDeepSeekGrains()
            .AddStartupTask<WorkerStartup>();
    }

    private static void JoinCluster(ISiloBuilder orleans, SiloHostOptions silo)
    {
        IPEndPoint? primary = silo.PrimarySiloPort == 0 ? null : new IPEndPoint(IPAddress.Loopback, silo.PrimarySiloPort);
        if (silo.Redis.Length == 0)
        {
            orleans.UseLocalhostClustering(silo.SiloPort, silo.GatewayPort, primary, serviceId: silo.ClusterId, clusterId: silo.ClusterId);
            return;
        }

        orleans
            .UseRedisClustering(silo.Redis)
            .Configure<ClusterOptions>(options => options.ServiceId = options.ClusterId = silo.ClusterId)
            .Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = IPAddress.Loopback;
                options.SiloPort = silo.SiloPort;
                options.GatewayPort = silo.GatewayPort;
                options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, silo.SiloPort);
                options.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Loopback, silo.GatewayPort);
            });
    }

    // a crashed silo leaves the membership within about a second instead of five to fifteen, as measured on three processes; a frozen
    // one within two to three instead of eight, because what it sent before it froze does not count as a sign of life
    private static void Tighten(ClusterMembershipOptions options)
    {
        options.EnableConnectionLivenessCheck = false;
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 2;
        options.NumVotesForDeathDeclaration = 1;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
    }

    // read at once, because the ports are needed to build the silo
    private static SiloHostOptions ReadSiloOptions(IConfiguration configuration, Action<SiloHostOptions>? configure)
    {
        var silo = new SiloHostOptions();
        configuration.GetSection(SiloHostOptions.Section).Bind(silo);
        configure?.Invoke(silo);
        IValidateOptions<SiloHostOptions>[] rules =
            [new AttributeOptionsValidator<SiloHostOptions>(SiloHostOptions.Section), new SiloHostOptionsValidator()];
        string[] problems = [.. rules.Select(rule => rule.Validate(name: null, silo)).SelectMany(result => result.Failures ?? [])];
        return problems.Length == 0 ? silo : throw new OptionsValidationException(SiloHostOptions.Section, typeof(SiloHostOptions), problems);
    }

    private static IServiceCollection AddCheckedOptions<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        return services.AddSingleton<IValidateOptions<TOptions>>(new AttributeOptionsValidator<TOptions>(section));
    }
}
