using System.Text;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Grains.Tests.Storage;

/// <summary>Opens a store of any of the three sorts, and what it needs below it.</summary>
internal sealed class StoreRoom : IAsyncDisposable
{
    public static readonly KeepTerms Terms = new(TimeSpan.FromMinutes(10), MaxTenantBytes: 1_000_000);

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"deepseek-store-{Guid.NewGuid():N}");
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly string _sort;
    private readonly MemoryStore _memory = new(maxBytes: 100_000_000, TimeProvider.System);

    private StoreRoom(string sort) => _sort = sort;

    /// <summary>Every sort that can run here; a Redis that is absent is told by the tests that need it alone.</summary>
    public static TheoryData<string> Sorts => RedisServer.IsInstalled ? ["memory", "file", "redis"] : ["memory", "file"];

    public RedisServer? Redis { get; private set; }

    public static async Task<StoreRoom> OpenAsync(string sort)
    {
        var room = new StoreRoom(sort);
        if (sort == "redis")
        {
            room.Redis = await RedisServer.StartAsync();
        }

        return room;
    }

    public IValueStore Store(string cluster = "cluster")
    {
        switch (_sort)
        {
            case "memory":
                return _memory;
            case "file":
                return new FileStore(_directory, cluster, TimeProvider.System);
            default:
                var connection = new RedisConnection(Redis!.Address);
                _opened.Add(connection);
                return new RedisStore(connection, cluster);
        }
    }

    public static StoreKey Key(string name, string tenant = "tenant-a", string model = "demo@1") => new("answer", new TenantName(tenant), model, name);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static async Task<string?> TextAsync(IValueStore store, StoreKey key) =>
        await store.FindAsync(key) is { } found ? Encoding.UTF8.GetString(found.Bytes.Span) : null;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable opened in _opened)
        {
            await opened.DisposeAsync();
        }

        if (Redis is not null)
        {
            await Redis.DisposeAsync();
        }

        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
