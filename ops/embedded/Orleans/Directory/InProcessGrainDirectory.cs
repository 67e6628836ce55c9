using System.Collections.Concurrent;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>The directory of a cluster whose silos share one process.</summary>
internal sealed class InProcessGrainDirectory : IGrainDirectory
{
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _addresses = new();

    public ValueTask<GrainAddress> RegisterAsync(GrainAddress address) => new(_addresses.GetOrAdd(address.GrainId, address));

    public ValueTask UnregisterAsync(GrainAddress address)
    {
        _addresses.TryRemove(new(address.GrainId, address));
        return default;
    }

    public ValueTask<GrainAddress?> LookupAsync(GrainId id) => new(_addresses.GetValueOrDefault(id));

    public GrainAddress? Find(GrainId id) => _addresses.GetValueOrDefault(id);

    /// <summary>Forgets the activations of a dead silo, so that its grains can live elsewhere.</summary>
    public void RemoveSilo(SiloAddress silo)
    {
        foreach (KeyValuePair<GrainId, GrainAddress> entry in _addresses)
        {
            if (silo.Equals(entry.Value.SiloAddress))
            {
                _addresses.TryRemove(entry);
            }
        }
    }
}
