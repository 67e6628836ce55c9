using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>One silo's share of the directory, as the other silos call it.</summary>
[Alias("embedded.IDirectoryPartition")]
internal interface IDirectoryPartition : IGrainObserver
{
    [ResponseTimeout("00:00:02")]
    ValueTask<GrainAddress> RegisterAsync(GrainAddress address);

    [ResponseTimeout("00:00:02")]
    ValueTask UnregisterAsync(GrainAddress address);

    [ResponseTimeout("00:00:02")]
    ValueTask<GrainAddress?> LookupAsync(GrainId id);
}

/// <summary>How a silo learns, after the set of silos has changed, what is active on the others and now belongs to its share.</summary>
[Alias("embedded.IDirectoryHandover")]
internal interface IDirectoryHandover : IGrainObserver
{
    /// <param name="view">Which set of silos the sender goes by.</param>
    /// <returns>Those that another activation of the same grain has beaten: they are to end.</returns>
    [ResponseTimeout("00:00:05")]
    ValueTask<GrainAddress[]> TakeAsync(uint view, SiloAddress sender, GrainAddress[] active);
}
