using System.Net;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Grpc;
using DeepSeekOrleans.Frontend.OpenAi;
using DeepSeekOrleans.Frontend.OpenAi.Json;
using DeepSeekOrleans.Frontend.Operations;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend;

/// <summary>Puts a frontend into a host.</summary>
public static class FrontendServices
{
    /// <summary>
    /// Adds the frontend. The caller registers the cluster's client (<c>UseOrleansClient</c>), and maps the routes with
    /// <see cref="FrontendRoutes.MapDeepSeekFrontend"/>. Options come from the sections Frontend, Admission, Limits, Streams and Conversations.
    /// </summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="configure">Applied after the configuration.</param>
    public static WebApplicationBuilder AddDeepSeekFrontend(this WebApplicationBuilder builder, Action<FrontendOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        IServiceCollection services = builder.Services;
        services.AddRangedOptions<FrontendOptions>(FrontendOptions.Section).Configure(configure ?? (_ => { }));
        services.AddRangedOptions<RequestLimits>(RequestLimits.Section);
        services.AddRangedOptions<StreamOptions>(StreamOptions.Section);
        services.AddRangedOptions<ConversationCallOptions>(ConversationCallOptions.Section);
        services.AddOptions<AdmissionOptions>().BindConfiguration(AdmissionOptions.Section);
        services.AddSingleton<IValidateOptions<FrontendOptions>, FrontendOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(ContractVersion.From(builder.Configuration[ContractVersion.TestSetting]));

        // before the server listens: hosted services start in the order in which they were added
        services.AddSingleton<ContractCheck>();
        services.AddHostedService(provider => provider.GetRequiredService<ContractCheck>());

        // a host built from nothing has neither server nor routing
        builder.WebHost.UseKestrelCore();
        services.AddRouting();

        // its catch-all route would hide from HTTP clients that a method is not allowed; 404 means the same to gRPC clients
        services.AddGrpc(grpc => grpc.IgnoreUnknownServices = true);
        services.AddOptions<global::Grpc.AspNetCore.Server.GrpcServiceOptions>().Configure<IOptions<RequestLimits>>(
            (grpc, limits) => grpc.MaxReceiveMessageSize = limits.Value.MaxBodyBytes);
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<FrontendOptions>, IOptions<RequestLimits>>(Listen);
        services.AddRequestPath();
        return builder;
    }

    private static OptionsBuilder<TOptions> AddRangedOptions<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddSingleton<IValidateOptions<TOptions>>(new OptionsRangeValidator<TOptions>(section));
        return services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }

    private static void Listen(KestrelServerOptions kestrel, IOptions<FrontendOptions> options, IOptions<RequestLimits> limits)
    {
        IPAddress address = IPAddress.Parse(options.Value.Address);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = limits.Value.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.Value.MaxConnections;
        kestrel.Listen(address, options.Value.HttpPort, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Listen(address, options.Value.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
    }

    private static void AddRequestPath(this IServiceCollection services)
    {
        services.AddSingleton<KeyRing>();
        services.AddSingleton<SeedSource>();
        services.AddSingleton<GenerationValidator>();

        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<TokenHub>();
        services.AddSingleton<FrontendEar>();
        services.AddSingleton<AttemptStarter>();
        services.AddSingleton<StreamMover>();
        services.AddSingleton<ComputedAnswers>();
        services.AddSingleton<StreamOpener>();

        services.AddSingleton<RequestReader>();
        services.AddSingleton<ChatMessagesValidator>();
        services.AddSingleton<ChatRequestValidator>();
        services.AddSingleton<CompletionRequestValidator>();
        services.AddSingleton<AnswerSender>();
        services.AddSingleton<ChatAnswering>();
        services.AddSingleton<ChatCompletionsEndpoint>();
        services.AddSingleton<CompletionsEndpoint>();
        services.AddSingleton<ModelsEndpoint>();

        services.AddSingleton<ConversationCalls>();
        services.AddSingleton<ConversationValidator>();
        services.AddSingleton<ConversationsEndpoint>();

        services.AddSingleton<GenerateRequestValidator>();
        services.AddSingleton<ReadyWorkers>();
        services.AddSingleton<RehearsedRequest>();
        services.AddSingleton<Rehearsal>();
        services.AddHostedService(provider => provider.GetRequiredService<Rehearsal>());
        services.AddSingleton<Readiness>();
        services.AddSingleton<Liveness>();
        services.AddSingleton<HealthEndpoints>();
    }
}
