namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>
/// Lets a request through to its route as the route's policy says. Deny by default: a route without a policy is answered as though
/// it did not exist.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, KeyRing keys)
{
    public Task InvokeAsync(HttpContext context)
    {
        // routing answers a wrong method or content type with an endpoint of its own, which no route stands behind
        if (context.GetEndpoint() is not RouteEndpoint route)
        {
            return next(context);
        }

        switch (route.Metadata.GetMetadata<RoutePolicy>())
        {
            case null:
                context.SetEndpoint(null);
                break;
            case { RequiresKey: true }:
                context.Features.Set(keys.Find(context.Request.Headers.Authorization) ?? throw RequestRejected.InvalidKey());
                break;
        }

        return next(context);
    }
}
