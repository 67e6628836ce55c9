namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Who may use a route. A route without a policy is not served.</summary>
internal sealed record RoutePolicy
{
    private RoutePolicy(bool requiresKey) => RequiresKey = requiresKey;

    /// <summary>Anyone who can reach the port.</summary>
    public static RoutePolicy Open { get; } = new(requiresKey: false);

    /// <summary>The holder of any key.</summary>
    public static RoutePolicy Key { get; } = new(requiresKey: true);

    public bool RequiresKey { get; }
}
