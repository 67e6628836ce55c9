using System.Text.RegularExpressions;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Who asks, under which name the request is known, and which conversation it belongs to.</summary>
/// <param name="RequestId">Unique in the cluster, never chosen by a client.</param>
/// <param name="Session">The client's x-session-id; a request without one is a session of its own.</param>
internal sealed partial record RequestIdentity(string RequestId, TenantName Tenant, string Session)
{
    private const string SessionHeader = "x-session-id";

    /// <exception cref="RequestRejected">The session's name is not one.</exception>
    public static RequestIdentity Of(HttpContext context)
    {
        TenantName tenant = Principal.Of(context).Tenant;
        if (!context.Request.Headers.TryGetValue(SessionHeader, out Microsoft.Extensions.Primitives.StringValues session))
        {
            return new RequestIdentity(context.TraceIdentifier, tenant, context.TraceIdentifier);
        }

        return session is [{ } name] && SessionName().IsMatch(name)
            ? new RequestIdentity(context.TraceIdentifier, tenant, name)
            : throw RequestRejected.Invalid(SessionHeader, $"'{SessionHeader}' must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    }

    // the name becomes part of a grain key, where a slash ends the tenant
    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex SessionName();
}
