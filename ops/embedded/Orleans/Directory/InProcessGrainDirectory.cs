using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>The directory of a cluster whose silos share one process.</summary>
internal sealed class InProcessGrainDirectory(Func<SiloAddress, bool> isDead) : IGrainDirectory
{
    private readonly AddressTable _addresses = new(isDead);

    public ValueTask<GrainAddress> RegisterAsync(GrainAddress address) => new(_addresses.GetOrAdd(address));

    public ValueTask UnregisterAsync(GrainAddress address)
    {
        _addresses.Remove(address);
        return default;
    }

    public ValueTask<GrainAddress?> LookupAsync(GrainId id) => new(_addresses.Find(id));

    public GrainAddress? Find(GrainId id) => _addresses.Find(id);

    /// <summary>Forgets the activations of a dead silo, so that its grains can live elsewhere.</summary>
    public void RemoveSilo(SiloAddress silo) => _addresses.RemoveWhere(address => silo.Equals(address.SiloAddress));
}
