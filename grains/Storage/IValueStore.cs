namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// Where values outlive a grain: in memory, in files or in Redis, with the same behaviour. Values are bytes in a
/// <see cref="ValueEnvelope"/>, which their reader opens; a store neither knows nor trusts what it holds.
/// </summary>
/// <remarks>Every call may fail with a <see cref="StoreUnavailableException"/> when the store is out of reach or slow.</remarks>
internal interface IValueStore
{
    /// <summary>Null when there is none, or when its time is over.</summary>
    Task<StoredValue?> FindAsync(StoreKey key);

    /// <summary>
    /// Keeps a value in place of the one before. When its tenant has too much of this kind then, what expires first goes first; a value
    /// that alone is too large is not kept.
    /// </summary>
    Task KeepAsync(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms);

    /// <summary>The same, but only in the place of <paramref name="expected"/>, byte for byte, or of none where that is null.</summary>
    /// <returns>False when another value is there by now, or none; or when the value alone is too large. What is there stays.</returns>
    Task<bool> ReplaceAsync(StoreKey key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, KeepTerms terms);

    /// <summary>Removes one value.</summary>
    Task PurgeAsync(StoreKey key);

    /// <summary>Removes every value that the scope covers, in this cluster and no other.</summary>
    Task PurgeAsync(StoreScope scope);
}

/// <param name="Bytes">As they were found; nobody has checked them.</param>
/// <param name="TimeLeft">Until the value expires.</param>
internal readonly record struct StoredValue(ReadOnlyMemory<byte> Bytes, TimeSpan TimeLeft);

/// <param name="TimeToLive">At least a millisecond.</param>
/// <param name="MaxTenantBytes">What one tenant may have of this kind, so that no tenant can push out another's; see <see cref="StoreKey.SizeOf"/>.</param>
internal readonly record struct KeepTerms(TimeSpan TimeToLive, long MaxTenantBytes);

/// <summary>The store cannot be used at present. What needs it does without, or tells the client to come back.</summary>
internal sealed class StoreUnavailableException(string message, Exception inner) : Exception(message, inner);
