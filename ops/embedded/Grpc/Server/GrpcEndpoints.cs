using DeepSeekOrleans.Embedded.Grpc.Protocol;
using DeepSeekOrleans.Embedded.Grpc.Server;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Conventions that hold for every method of a mapped service.</summary>
public sealed class GrpcServiceEndpointConventionBuilder : IEndpointConventionBuilder
{
    private readonly IReadOnlyList<IEndpointConventionBuilder> _endpoints;

    internal GrpcServiceEndpointConventionBuilder(IReadOnlyList<IEndpointConventionBuilder> endpoints) => _endpoints = endpoints;

    public void Add(Action<EndpointBuilder> convention)
    {
        foreach (IEndpointConventionBuilder endpoint in _endpoints)
        {
            endpoint.Add(convention);
        }
    }

    public void Finally(Action<EndpointBuilder> finallyConvention)
    {
        foreach (IEndpointConventionBuilder endpoint in _endpoints)
        {
            endpoint.Finally(finallyConvention);
        }
    }
}

/// <summary>Maps services to routes.</summary>
public static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>Serves each method at "/package.Service/Method", and answers UNIMPLEMENTED for what no service has.</summary>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<TService>(this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        MappedServices mapped = builder.ServiceProvider.GetService<MappedServices>()
            ?? throw new InvalidOperationException("gRPC is not in the services of this application: call AddGrpc first");
        GrpcServiceOptions options = builder.ServiceProvider.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;

        List<BoundMethod> methods = ServiceMethodBinder<TService>.Bind(options.Interceptors);
        List<IEndpointConventionBuilder> endpoints = [.. methods.Select(method => Map<TService>(builder, options, method))];
        if (!(options.IgnoreUnknownServices ?? false))
        {
            IEnumerable<string> services = methods.Select(method => method.Method.ServiceName).Distinct();
            endpoints.AddRange(services.Where(mapped.AddService).Select(service => MapUnimplemented(builder, service, "Method is unimplemented.")));
            if (mapped.AddFallback())
            {
                endpoints.Add(MapUnimplemented(builder, "{unimplementedService}", "Service is unimplemented."));
            }
        }

        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }

    private static IEndpointConventionBuilder Map<TService>(IEndpointRouteBuilder builder, GrpcServiceOptions options, BoundMethod bound)
    {
        ServerCallHandler handler = new(
            bound.Method,
            bound.Serve,
            options,
            builder.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System,
            builder.ServiceProvider.GetRequiredService<ILogger<ServerCallHandler>>());
        return builder.MapPost(bound.Method.FullName, handler.HandleAsync)
            .WithDisplayName($"gRPC - {bound.Method.FullName}")
            .WithMetadata(new GrpcMethodMetadata(typeof(TService), bound.Method))
            // [Authorize] and the like, on the class first so that those of the method win
            .WithMetadata(typeof(TService).GetCustomAttributes(inherit: true))
            .WithMetadata(bound.Implementation.GetCustomAttributes(inherit: true));
    }

    private static IEndpointConventionBuilder MapUnimplemented(IEndpointRouteBuilder builder, string service, string detail)
    {
        RoutePattern pattern = RoutePatternFactory.Parse(
            service + "/{unimplementedMethod}",
            defaults: null,
            parameterPolicies: new RouteValueDictionary { ["unimplementedMethod"] = new GrpcRequestConstraint() });
        return builder.Map(pattern, context =>
        {
            context.Response.ContentType = GrpcHeaders.ContentType;
            ServerStatus.Write(context.Response.Headers, new Status(StatusCode.Unimplemented, detail));
            return Task.CompletedTask;
        });
    }
}
