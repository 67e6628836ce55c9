using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>
/// Which silo keeps the entry of which grain, for one set of active silos. Each grain goes to the silo with the highest hash of the two
/// together (rendezvous hashing), so that a silo that comes or goes moves no entries but its own.
/// </summary>
internal sealed class DirectoryView
{
    private const uint FnvOffset = 2166136261;
    private const uint FnvPrime = 16777619;

    private readonly uint[] _seeds;

    public DirectoryView(SiloAddress[] silos)
    {
        Silos = [.. silos.Order()];
        _seeds = [.. Silos.Select(silo => HashOf(FnvOffset, silo.ToParsableString()))];
        Id = Silos.Aggregate(FnvOffset, (hash, silo) => HashOf(hash, silo.ToParsableString()));
    }

    public SiloAddress[] Silos { get; }

    /// <summary>The same for the same set of silos in every process.</summary>
    public uint Id { get; }

    /// <returns>Null when there is no active silo yet.</returns>
    public SiloAddress? OwnerOf(GrainId id)
    {
        SiloAddress? owner = null;
        uint highest = 0;
        uint grain = HashOf(HashOf(FnvOffset, id.Type.ToString()), id.Key.ToString());
        for (int i = 0; i < Silos.Length; i++)
        {
            uint weight = Mix(grain ^ _seeds[i]);
            if (owner is null || weight > highest)
            {
                (owner, highest) = (Silos[i], weight);
            }
        }

        return owner;
    }

    private static uint HashOf(uint seed, string text)
    {
        foreach (char letter in text)
        {
            seed = (seed ^ letter) * FnvPrime;
        }

        return seed;
    }

    // The finalizer of MurmurHash3: without it the weights of one grain on two silos would depend on each other.
    private static uint Mix(uint hash)
    {
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
