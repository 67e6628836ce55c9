using DeepSeekOrleans.Grains.Storage;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests.Storage;

public sealed class MemoryStoreTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Find_WhenTheTimeIsOver_FreesTheBytes()
    {
        var store = new MemoryStore(100_000, _time);
        await store.KeepAsync(StoreRoom.Key("k"), new byte[10], StoreRoom.Terms);

        _time.Advance(StoreRoom.Terms.TimeToLive - TimeSpan.FromTicks(1));
        Assert.NotNull(await store.FindAsync(StoreRoom.Key("k")));
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Null(await store.FindAsync(StoreRoom.Key("k")));
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    [Fact]
    public async Task Keep_MoreThanTheMemory_TakesFromTheTenantThatHasMost()
    {
        var store = new MemoryStore(50_000, _time);
        await store.KeepAsync(StoreRoom.Key("quiet", "tenant-b"), new byte[1_000], StoreRoom.Terms);

        for (int i = 0; i < 200; i++)
        {
            await store.KeepAsync(StoreRoom.Key($"{i}"), new byte[1_000], StoreRoom.Terms);
        }

        Assert.InRange(store.Bytes, 40_000, 50_000);
        Assert.NotNull(await store.FindAsync(StoreRoom.Key("quiet", "tenant-b")));
        Assert.NotNull(await store.FindAsync(StoreRoom.Key("199")));
    }

    [Fact]
    public async Task Keep_NoMemoryAllowed_KeepsNothing()
    {
        var store = new MemoryStore(0, _time);

        await store.KeepAsync(StoreRoom.Key("k"), new byte[1], StoreRoom.Terms);

        Assert.Equal(0, store.Count);
    }
}
