using System.Buffers.Binary;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// Keeps values in files, one each, under <c>cluster/kind/tenant/model/name</c>: what one machine's silos share without Redis. A file begins
/// with the time of its expiry and appears in one piece.
/// </summary>
internal sealed class FileStore(string directory, string clusterId, TimeProvider time) : IValueStore, IDisposable
{
    private const string Temporary = ".new";
    private const int HeaderBytes = sizeof(long);

    // the silos of one process share the files, each through a store of its own
    private static readonly SemaphoreSlim Replacing = new(1, 1);

    private readonly string _root = Path.Combine(directory, Part(clusterId));

    // what a tenant has of a kind, as far as this process knows; looked up when that seems too much
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<string, long> _bytes = [];

    public async Task<StoredValue?> FindAsync(StoreKey key)
    {
        byte[] file;
        try
        {
            file = await File.ReadAllBytesAsync(PathOf(key)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        if (file.Length < HeaderBytes)
        {
            return new StoredValue(ReadOnlyMemory<byte>.Empty, TimeSpan.Zero);
        }

        TimeSpan left = TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(file) - time.GetUtcNow().UtcTicks);
        return left > TimeSpan.Zero ? new StoredValue(file.AsMemory(HeaderBytes), left) : null;
    }

    public async Task KeepAsync(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        long size = key.SizeOf(value.Length);
        if (size > terms.MaxTenantBytes)
        {
            await PurgeAsync(key).ConfigureAwait(false);
            return;
        }

        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await WriteAsync(PathOf(key), value, time.GetUtcNow() + terms.TimeToLive).ConfigureAwait(false);
            string shelf = ShelfOf(key);
            long bytes = _bytes.GetValueOrDefault(shelf, terms.MaxTenantBytes) + size;
            _bytes[shelf] = bytes > terms.MaxTenantBytes ? MakeRoom(shelf, key, terms.MaxTenantBytes) : bytes;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task<bool> ReplaceAsync(StoreKey key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        await Replacing.WaitAsync().ConfigureAwait(false);
        try
        {
            StoredValue? known = await FindAsync(key).ConfigureAwait(false);
            bool isExpected = known is { } found ? expected?.Span.SequenceEqual(found.Bytes.Span) == true : expected is null;
            if (!isExpected || key.SizeOf(value.Length) > terms.MaxTenantBytes)
            {
                return false;
            }

            await KeepAsync(key, value, terms).ConfigureAwait(false);
            return true;
        }
        finally
        {
            Replacing.Release();
        }
    }

    public async Task PurgeAsync(StoreKey key)
    {
        await Replacing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Directory.Exists(ShelfOf(key)))
            {
                File.Delete(PathOf(key));
            }
        }
        finally
        {
            Replacing.Release();
        }
    }

    public Task PurgeAsync(StoreScope scope)
    {
        string kind = Path.Combine(_root, Part(scope.Kind));
        foreach (string tenant in Folders(kind, scope.Tenant?.Value))
        {
            foreach (string model in Folders(tenant, scope.Model))
            {
                Directory.Delete(model, recursive: true);
            }
        }

        return Task.CompletedTask;
    }

    public void Dispose() => _writing.Dispose();

    private static string[] Folders(string parent, string? name) =>
        Directory.Exists(parent) ? [.. Directory.EnumerateDirectories(parent, name is null ? "*" : Part(name))] : [];

    private static async Task WriteAsync(string path, ReadOnlyMemory<byte> value, DateTimeOffset expiry)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] file = new byte[HeaderBytes + value.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, expiry.UtcTicks);
        value.Span.CopyTo(file.AsSpan(HeaderBytes));
        string temporary = path + Temporary;
        await File.WriteAllBytesAsync(temporary, file).ConfigureAwait(false);
        File.SetLastWriteTimeUtc(temporary, expiry.UtcDateTime);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Removes what has expired, then what expires first, and returns what is left. The file's time is its expiry.</summary>
    private long MakeRoom(string shelf, StoreKey sample, long maxBytes)
    {
        FileInfo[] files = [.. new DirectoryInfo(shelf).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(file => file.LastWriteTimeUtc)];
        DateTime now = time.GetUtcNow().UtcDateTime;
        long bytes = files.Sum(Size);
        foreach (FileInfo file in files)
        {
            if (bytes <= maxBytes && file.LastWriteTimeUtc > now)
            {
                break;
            }

            bytes -= Size(file);
            file.Delete();
        }

        return bytes;

        long Size(FileInfo file) =>
            (sample with { Model = file.Directory!.Name, Name = file.Name }).SizeOf((int)Math.Max(file.Length - HeaderBytes, 0));
    }

    // no part can leave its place: the only dots that are left stand after a letter that no path begins with
    private static string Part(string text) => "_" + Uri.EscapeDataString(text);

    private string ShelfOf(StoreKey key) => Path.Combine(_root, Part(key.Kind), Part(key.Tenant.Value));

    private string PathOf(StoreKey key) => Path.Combine(ShelfOf(key), Part(key.Model), Part(key.Name));
}
