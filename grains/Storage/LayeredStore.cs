namespace DeepSeekOrleans.Grains.Storage;

/// <summary>A near store before a far one. What the near one holds is found also while the far one is out of reach.</summary>
internal sealed class LayeredStore(IValueStore near, IValueStore far) : IValueStore
{
    public async Task<StoredValue?> FindAsync(StoreKey key)
    {
        if (await near.FindAsync(key).ConfigureAwait(false) is { } found)
        {
            return found;
        }

        StoredValue? distant = await far.FindAsync(key).ConfigureAwait(false);
        if (distant is { } value && value.TimeLeft > TimeSpan.Zero)
        {
            await near.KeepAsync(key, value.Bytes, new KeepTerms(value.TimeLeft, long.MaxValue)).ConfigureAwait(false);
        }

        return distant;
    }

    public async Task KeepAsync(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        await near.KeepAsync(key, value, terms).ConfigureAwait(false);
        await far.KeepAsync(key, value, terms).ConfigureAwait(false);
    }

    public async Task<bool> ReplaceAsync(StoreKey key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        bool isReplaced = await far.ReplaceAsync(key, expected, value, terms).ConfigureAwait(false);

        // what the near one holds may be what has just been found to be old
        await (isReplaced ? near.KeepAsync(key, value, terms) : near.PurgeAsync(key)).ConfigureAwait(false);
        return isReplaced;
    }

    public async Task PurgeAsync(StoreKey key)
    {
        await near.PurgeAsync(key).ConfigureAwait(false);
        await far.PurgeAsync(key).ConfigureAwait(false);
    }

    public async Task PurgeAsync(StoreScope scope)
    {
        await near.PurgeAsync(scope).ConfigureAwait(false);
        await far.PurgeAsync(scope).ConfigureAwait(false);
    }
}
