using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Support;

/// <summary>The grain's key begins with the name of its silo: "Silo_1/anything".</summary>
[GenerateSerializer]
public sealed class PinnedPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
public sealed class PinnedPlacementAttribute() : PlacementAttribute(new PinnedPlacement());

internal sealed class PinnedPlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string name = target.GrainIdentity.Key.ToString()!.Split('/')[0];
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        return Task.FromResult(
            compatible.FirstOrDefault(silo => membership.CurrentSnapshot.Members[silo].Name == name) ?? compatible[0]);
    }
}
