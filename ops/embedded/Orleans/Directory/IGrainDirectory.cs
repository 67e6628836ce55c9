using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>Where each grain is active: it makes sure that there is one activation per grain in the cluster.</summary>
internal interface IGrainDirectory
{
    /// <returns>The address that holds: the given one, or that of the activation that was registered before.</returns>
    ValueTask<GrainAddress> RegisterAsync(GrainAddress address);

    /// <summary>Without effect when another activation is registered.</summary>
    ValueTask UnregisterAsync(GrainAddress address);

    ValueTask<GrainAddress?> LookupAsync(GrainId id);

    /// <summary>What is known here and now: null does not mean that the grain is active nowhere, and an address may be outdated.</summary>
    GrainAddress? Find(GrainId id);
}
