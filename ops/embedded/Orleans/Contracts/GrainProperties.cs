using Orleans.Runtime;

namespace Orleans.Metadata;

/// <summary>Properties of a grain type that the runtime knows.</summary>
public static class WellKnownGrainTypeProperties
{
    /// <summary>Calls need no order. Not used here: the client takes the gateways in turn for all calls that can go without.</summary>
    public const string Unordered = "unordered";
}

/// <summary>An attribute of a grain class that sets properties of its type. Not used here: there are no properties that matter.</summary>
public interface IGrainPropertiesProviderAttribute
{
    void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties);
}
