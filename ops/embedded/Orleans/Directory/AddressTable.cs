using System.Collections.Concurrent;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>One address per grain, and none on a silo that is dead.</summary>
/// <param name="isDead">Whether a silo has been declared dead; true before <see cref="RemoveWhere"/> is called for that.</param>
internal sealed class AddressTable(Func<SiloAddress, bool> isDead)
{
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _addresses = new();

    /// <summary>
    /// Adds an address unless the grain has one. A silo's last word may come when it is dead and its addresses have been removed: kept, it
    /// would send every call to the dead silo, for ever.
    /// </summary>
    /// <returns>The address that holds; the given one, without being kept, when its silo is dead.</returns>
    public GrainAddress GetOrAdd(GrainAddress address)
    {
        while (true)
        {
            GrainAddress holder = _addresses.GetOrAdd(address.GrainId, address);
            if (!isDead(holder.SiloAddress!))
            {
                return holder;
            }

            Remove(holder);
            if (holder.Equals(address))
            {
                return address;
            }
        }
    }

    public GrainAddress? Find(GrainId id) => _addresses.GetValueOrDefault(id);

    /// <summary>Without effect when the grain has another address.</summary>
    public void Remove(GrainAddress address) => _addresses.TryRemove(new(address.GrainId, address));

    public void RemoveWhere(Func<GrainAddress, bool> condition)
    {
        foreach (GrainAddress address in _addresses.Values.Where(condition))
        {
            Remove(address);
        }
    }
}
