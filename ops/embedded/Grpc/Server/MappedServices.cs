using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>Which catch-all routes an application already has; its presence tells that gRPC has been added.</summary>
internal sealed class MappedServices
{
    private readonly HashSet<string> _services = new(StringComparer.Ordinal);
    private bool _fallback;

    public bool AddService(string name) => _services.Add(name);

    public bool AddFallback()
    {
        bool first = !_fallback;
        _fallback = true;
        return first;
    }
}

/// <summary>Lets only gRPC requests into a catch-all route, so that a page with two path segments stays reachable.</summary>
internal sealed class GrpcRequestConstraint : IRouteConstraint
{
    public bool Match(
        HttpContext? httpContext,
        IRouter? route,
        string routeKey,
        RouteValueDictionary values,
        RouteDirection routeDirection) =>
        httpContext is not null
        && HttpMethods.IsPost(httpContext.Request.Method)
        && GrpcHeaders.IsGrpc(httpContext.Request.ContentType);
}
