using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Frontend;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Operations;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>Builds the hosts of a cluster on this machine, wherever they run.</summary>
internal static class ClusterHosts
{
    // any option of silo and frontend can be set, for example DEEPSEEK_Engine__MaxWaiting=16
    private const string OptionPrefix = "DEEPSEEK_";

    private const string ContextOption = $"{OnnxRunnerOptions.Section}:{nameof(OnnxRunnerOptions.ContextLength)}";

    // two clusters on one machine, told apart by their HTTP ports, must not find each other
    public static string ClusterId(int httpPort) => $"local-{httpPort}";

    /// <param name="storage">Where what outlives a silo is kept; of these options Redis and the directory count.</param>
    public static IHost Silo(LocalClusterSettings settings, StorageOptions storage, Action<SiloHostOptions> place)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        Configure(
            builder.Configuration,
            settings,
            new($"{StorageOptions.Section}:{nameof(StorageOptions.Redis)}", storage.Redis),
            new($"{StorageOptions.Section}:{nameof(StorageOptions.Directory)}", storage.Directory));
        LogProblemsOnly(builder.Logging, builder.Configuration);
        builder.AddDeepSeekSilo(silo =>
        {
            silo.ClusterId = ClusterId(settings.HttpPort);
            silo.Models.Add(new ServedModel
            {
                Name = settings.ModelName,
                Directory = settings.Model.Directory,
                Version = settings.Model.Version,
                Precision = settings.Model.Precision,
            });
            place(silo);
        });
        return builder.Build();
    }

    /// <exception cref="CliException">A worker of the started silo could not load its model.</exception>
    public static void RequireWorkers(IHost silo)
    {
        if (silo.Services.GetRequiredService<SiloHealth>().Workers.FirstOrDefault(worker => worker.State != WorkerState.Ready) is { } broken)
        {
            throw new CliException(ExitCode.ModelRefused, $"worker {broken.Worker} could not start: {broken.Problem}");
        }
    }

    /// <summary>The probe of the frontend is the only one of this process, so it tells of the silos beside it.</summary>
    public static void TellOf(IEnumerable<IHost> silos, WebApplication frontend)
    {
        SiloHealth[] healths = [.. silos.Select(silo => silo.Services.GetRequiredService<SiloHealth>())];
        frontend.Services.GetRequiredService<Liveness>().Watch(
            () => healths.SelectMany(health => health.Stuck).Select(worker => $"worker {worker} makes no progress and could not be helped"));
    }

    public static WebApplication Frontend(LocalClusterSettings settings, Action<Orleans.Hosting.IClientBuilder> connect)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        Configure(builder.Configuration, settings);
        LogProblemsOnly(builder.Logging, builder.Configuration);
        builder.UseOrleansClient(connect);
        builder.AddDeepSeekFrontend(options =>
        {
            options.HttpPort = settings.HttpPort;
            options.GrpcPort = settings.GrpcPort;
            options.Models.Add(new ServedModelOptions
            {
                Name = settings.ModelName,
                Directory = settings.Model.Directory,
                Version = settings.Model.Version,
                ContextLength = builder.Configuration.GetValue<int>(ContextOption),
            });
        });
        builder.Services.Configure<AdmissionOptions>(options =>
        {
            foreach (ApiKeyLine key in settings.Keys)
            {
                options.Keys.Add(new ApiKeyOptions { Tenant = key.Tenant, Sha256 = key.Sha256 });
            }
        });
        return builder.Build().MapDeepSeekFrontend();
    }

    // the plan first, so that a variable can say otherwise
    private static void Configure(
        IConfigurationManager configuration, LocalClusterSettings settings, params KeyValuePair<string, string?>[] further) => configuration
        .AddInMemoryCollection(
        [
            .. further,
            new($"{OnnxRunnerOptions.Section}:{nameof(OnnxRunnerOptions.Slots)}", $"{settings.Plan.Slots}"),
            new($"{OnnxRunnerOptions.Section}:{nameof(OnnxRunnerOptions.Provider)}", settings.Onnx.Provider),
            new($"{OnnxRunnerOptions.Section}:{nameof(OnnxRunnerOptions.DeviceId)}", $"{settings.Onnx.DeviceId}"),
            new($"{EngineOptions.Section}:{nameof(EngineOptions.Speculation)}", settings.Speculation),
            new(ContextOption, $"{settings.Plan.Context}"),
        ])
        .AddEnvironmentVariables(OptionPrefix);

    // unless an option says otherwise, for example DEEPSEEK_Logging__LogLevel__DeepSeekOrleans.Frontend=Information
    private static void LogProblemsOnly(ILoggingBuilder logging, ConfigurationManager configuration) => logging
        .SetMinimumLevel(LogLevel.Warning)
        .AddConfiguration(configuration.GetSection("Logging"))

        // what keeps a host from starting is said, in a sentence, by whoever starts it; here it would come with the whole stack
        .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
