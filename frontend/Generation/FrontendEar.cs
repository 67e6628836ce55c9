using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>The reference under which workers reach this frontend's <see cref="TokenHub"/>: one for its whole life.</summary>
internal sealed class FrontendEar(IGrainFactory grains, TokenHub hub)
{
    // made at the first request: the client is connected then
    private readonly Lazy<ITokenObserver> _reference = new(() => grains.CreateObjectReference<ITokenObserver>(hub));

    public ITokenObserver Reference => _reference.Value;
}
