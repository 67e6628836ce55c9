namespace Orleans.Runtime.Placement;

/// <summary>Chooses a silo for each new activation of the classes that have its strategy.</summary>
public interface IPlacementDirector
{
    /// <summary>The key of <see cref="RequestContext"/> under which a caller may name the silo it wants.</summary>
    const string PlacementHintKey = nameof(PlacementHintKey);

    /// <summary>The hinted silo when there is a hint and the silo is compatible.</summary>
    static SiloAddress? GetPlacementHint(Dictionary<string, object> requestContextData, SiloAddress[] compatibleSilos) =>
        requestContextData is { Count: > 0 }
        && requestContextData.TryGetValue(PlacementHintKey, out object? value)
        && value is SiloAddress hint
        && compatibleSilos.Contains(hint)
            ? hint
            : null;

    Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context);
}

/// <summary>What a director knows of the cluster.</summary>
public interface IPlacementContext
{
    SiloAddress LocalSilo { get; }

    SiloStatus LocalSiloStatus { get; }

    /// <summary>The active silos that have the grain's class.</summary>
    /// <exception cref="OrleansException">There is none.</exception>
    SiloAddress[] GetCompatibleSilos(PlacementTarget target);
}

/// <summary>The grain that needs a silo, and the request that needs the grain.</summary>
public readonly struct PlacementTarget(
    GrainId grainIdentity,
    Dictionary<string, object> requestContextData,
    GrainInterfaceType interfaceType,
    ushort interfaceVersion)
{
    public GrainId GrainIdentity { get; } = grainIdentity;

    public GrainInterfaceType InterfaceType { get; } = interfaceType;

    public ushort InterfaceVersion { get; } = interfaceVersion;

    public Dictionary<string, object> RequestContextData { get; } = requestContextData;
}
