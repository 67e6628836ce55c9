namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// Keeps values in this process: the default store, and the layer before one that is further away. Beyond its own bound the tenant that
/// has most loses what expires first, so that nobody is pushed below an equal share.
/// </summary>
/// <param name="maxBytes">Of all tenants and kinds together.</param>
internal sealed class MemoryStore(long maxBytes, TimeProvider time) : IValueStore
{
    // guards all fields; held for a few look-ups
    private readonly Lock _entries = new();
    private readonly Dictionary<StoreKey, Entry> _byKey = [];
    private readonly Dictionary<StoreScope, Shelf> _shelves = [];
    private readonly long _start = time.GetTimestamp();
    private long _lastEntry;

    public long Bytes { get; private set; }

    public int Count
    {
        get
        {
            lock (_entries)
            {
                return _byKey.Count;
            }
        }
    }

    public Task<StoredValue?> FindAsync(StoreKey key)
    {
        lock (_entries)
        {
            return Task.FromResult<StoredValue?>(Find(key) is { } entry ? new StoredValue(entry.Value, entry.ExpiresAt - Now) : null);
        }
    }

    public Task KeepAsync(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        lock (_entries)
        {
            Keep(key, value, terms);
        }

        return Task.CompletedTask;
    }

    public Task<bool> ReplaceAsync(StoreKey key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        lock (_entries)
        {
            bool fits = key.SizeOf(value.Length) <= Math.Min(maxBytes, terms.MaxTenantBytes);
            bool isExpected = Find(key) is { } known ? expected?.Span.SequenceEqual(known.Value.Span) == true : expected is null;
            if (fits && isExpected)
            {
                Keep(key, value, terms);
            }

            return Task.FromResult(fits && isExpected);
        }
    }

    public Task PurgeAsync(StoreKey key)
    {
        lock (_entries)
        {
            if (_byKey.TryGetValue(key, out Entry? entry))
            {
                Remove(entry);
            }
        }

        return Task.CompletedTask;
    }

    public Task PurgeAsync(StoreScope scope)
    {
        lock (_entries)
        {
            foreach (Entry entry in _byKey.Values.Where(entry => entry.Key.IsIn(scope)).ToArray())
            {
                Remove(entry);
            }
        }

        return Task.CompletedTask;
    }

    // by a clock that does not jump
    private TimeSpan Now => time.GetElapsedTime(_start);

    private static StoreScope ShelfOf(StoreKey key) => new(key.Kind, key.Tenant);

    private Entry? Find(StoreKey key)
    {
        if (!_byKey.TryGetValue(key, out Entry? entry))
        {
            return null;
        }

        if (entry.ExpiresAt > Now)
        {
            return entry;
        }

        Remove(entry);
        return null;
    }

    private void Keep(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        if (_byKey.TryGetValue(key, out Entry? known))
        {
            Remove(known);
        }

        long size = key.SizeOf(value.Length);
        if (size <= Math.Min(maxBytes, terms.MaxTenantBytes))
        {
            Add(new Entry(key, value, size, Now + terms.TimeToLive, ++_lastEntry));
            MakeRoom(key, terms.MaxTenantBytes);
        }
    }

    private void MakeRoom(StoreKey key, long maxTenantBytes)
    {
        Shelf own = _shelves[ShelfOf(key)];
        while (own.Bytes > maxTenantBytes)
        {
            Remove(own.Entries.Min!);
        }

        while (Bytes > maxBytes)
        {
            Remove(_shelves.Values.MaxBy(shelf => shelf.Bytes)!.Entries.Min!);
        }
    }

    private void Add(Entry entry)
    {
        StoreScope name = ShelfOf(entry.Key);
        if (!_shelves.TryGetValue(name, out Shelf? shelf))
        {
            _shelves.Add(name, shelf = new Shelf());
        }

        _byKey.Add(entry.Key, entry);
        shelf.Entries.Add(entry);
        shelf.Bytes += entry.Size;
        Bytes += entry.Size;
    }

    private void Remove(Entry entry)
    {
        StoreScope name = ShelfOf(entry.Key);
        Shelf shelf = _shelves[name];
        _byKey.Remove(entry.Key);
        shelf.Entries.Remove(entry);
        shelf.Bytes -= entry.Size;
        Bytes -= entry.Size;
        if (shelf.Entries.Count == 0)
        {
            _shelves.Remove(name);
        }
    }

    /// <summary>One tenant's values of one kind, the one that expires first in front.</summary>
    private sealed class Shelf
    {
        public SortedSet<Entry> Entries { get; } = new(Comparer<Entry>.Create((one, other) =>
            (one.ExpiresAt, one.Number).CompareTo((other.ExpiresAt, other.Number))));

        public long Bytes { get; set; }
    }

    private sealed record Entry(StoreKey Key, ReadOnlyMemory<byte> Value, long Size, TimeSpan ExpiresAt, long Number);
}
