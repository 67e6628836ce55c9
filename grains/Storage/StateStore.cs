namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// The silo's store for hard state, which nothing can compute anew. Nothing stands before the store that all silos share: a silo must not
/// see what another has replaced long since.
/// </summary>
internal sealed record StateStore(IValueStore Values);
