using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Frontend.Tests.Http;

public sealed class RouteTableTests
{
    private static readonly string[] Table =
    [
        "key DELETE /v1/conversations/{conversation}",
        "key GET /v1/conversations/{conversation}",
        "key GET /v1/conversations/{conversation}/items",
        "key GET /v1/models",
        "key GET /v1/models/{**model}",
        "key POST /deepseek.v1.Inference/Generate",
        "key POST /v1/chat/completions",
        "key POST /v1/completions",
        "key POST /v1/conversations",
        "open GET /health/live",
        "open GET /health/ready",
        "open POST /grpc.health.v1.Health/Check",
        "open POST /grpc.health.v1.Health/Watch",
    ];

    [Fact]
    public async Task Routes_AsMapped_AreTheTableWithTheirPolicies()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();

        IEnumerable<RouteEndpoint> routes = frontend.Services.GetRequiredService<EndpointDataSource>().Endpoints.Cast<RouteEndpoint>();

        Assert.Equal(Table, routes.Select(Line).Order(StringComparer.Ordinal));
    }

    private static string Line(RouteEndpoint route)
    {
        string policy = route.Metadata.GetMetadata<RoutePolicy>() switch
        {
            null => "none",
            { RequiresKey: true } => "key",
            _ => "open",
        };
        string methods = string.Join(',', route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["any"]);
        return $"{policy} {methods} {route.RoutePattern.RawText}";
    }
}
