using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Who sent a request, as the key says.</summary>
/// <param name="Tenant">Every cache entry, booking and session belongs to exactly one tenant.</param>
internal sealed record Principal(TenantName Tenant)
{
    /// <summary>The tenant of a frontend without keys, which only this machine can reach.</summary>
    public static Principal Local { get; } = new(new TenantName("local"));

    public static Principal Of(HttpContext context) =>
        context.Features.Get<Principal>() ?? throw new InvalidOperationException("the route has no key policy");
}
