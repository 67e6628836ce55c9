using Orleans.Metadata;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains;

/// <summary>
/// Frontends call the grain through their gateways in turn. Otherwise all calls to one grain go through the same gateway for as long as
/// its connection stands, which it also does when the process is frozen: to make a call again would not help.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class AnyGatewayAttribute : Attribute, IGrainPropertiesProviderAttribute
{
    public void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        properties[WellKnownGrainTypeProperties.Unordered] = "true";
    }
}
