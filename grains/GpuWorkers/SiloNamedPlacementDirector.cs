using DeepSeekOrleans.GrainInterfaces;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>Carries <see cref="SiloNamedPlacement"/> out: silo names are resolved by the membership, live silos only.</summary>
internal sealed class SiloNamedPlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string text = target.GrainIdentity.Key.ToString() ?? "";
        if (!WorkerKey.TryParse(text, out WorkerKey worker))
        {
            throw new OrleansException($"'{text}' is not a worker key of the form silo/device/model");
        }

        if (Find(worker.Silo, target, context) is { } known)
        {
            return known;
        }

        // a silo that has just joined may be news to this one
        await membership.Refresh();
        return Find(worker.Silo, target, context)
            ?? throw new OrleansException($"Worker '{text}' cannot be placed: no active silo is named '{worker.Silo}'");
    }

    private SiloAddress? Find(string name, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        return membership.CurrentSnapshot.Members.Values.FirstOrDefault(member =>
            member.Name == name && member.Status == SiloStatus.Active && compatible.Contains(member.SiloAddress))?.SiloAddress;
    }
}
