using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Grains.Tests.Storage;

/// <summary>What only a Redis can do to us.</summary>
public sealed class RedisStoreTests
{
    // what a caller may be held up: the timeout, and a margin for a busy machine
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(500);

    private static readonly StorageOptions Options = new()
    {
        Timeout = TimeSpan.FromMilliseconds(50),
        BreakDuration = TimeSpan.FromMilliseconds(500),
    };

    [RedisFact]
    public async Task Keep_TwoClustersOnOneRedis_NeverMix()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        (IValueStore one, IValueStore other) = (room.Store("prod"), room.Store("prod*"));
        await one.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("one"), StoreRoom.Terms);
        await other.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("other"), StoreRoom.Terms);

        Assert.Equal(("one", "other"), (await StoreRoom.TextAsync(one, StoreRoom.Key("k")), await StoreRoom.TextAsync(other, StoreRoom.Key("k"))));
        await other.PurgeAsync(new StoreScope("answer"));

        Assert.Equal("one", await StoreRoom.TextAsync(one, StoreRoom.Key("k")));
        Assert.Null(await other.FindAsync(StoreRoom.Key("k")));
    }

    [RedisFact]
    public async Task Purge_EveryValue_LeavesNothingBehindThatGrows()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        IValueStore store = room.Store();
        for (int i = 0; i < 1_200; i++)
        {
            await store.KeepAsync(StoreRoom.Key($"{i}"), StoreRoom.Bytes("v"), StoreRoom.Terms);
        }

        Assert.Equal(":1202", await room.Redis!.SendAsync("DBSIZE"));
        await store.PurgeAsync(new StoreScope("answer"));

        // the sum of the sizes, which is zero, until it expires
        Assert.Equal(":1", await room.Redis!.SendAsync("DBSIZE"));
    }

    [RedisFact]
    public async Task Find_ForeignListUnderOurKey_IsNoValueAndCanBePurged()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        IValueStore store = room.Store();
        Assert.Equal(":1", await room.Redis!.SendAsync("RPUSH", "deepseek:{cluster/tenant-a}:answer:demo%401:k", "x"));

        Assert.Equal(0, (await store.FindAsync(StoreRoom.Key("k")))!.Value.Bytes.Length);
        await store.PurgeAsync(StoreRoom.Key("k"));

        Assert.Null(await store.FindAsync(StoreRoom.Key("k")));
    }

    [RedisFact]
    public async Task R05_RedisIsKilled_NobodyWaitsAndItComesBackByItself()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        GuardedStore store = Guard(room.Store());
        await UntilAsync(() => store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("v"), StoreRoom.Terms), "the first connection");

        await room.Redis!.KillAsync();
        await AssertPassedOverAsync(store);

        await room.Redis.RestartAsync();
        await UntilAsync(() => store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("again"), StoreRoom.Terms), "the restarted Redis");
        await UntilAsync(async () => Assert.Equal("again", await StoreRoom.TextAsync(store, StoreRoom.Key("k"))), "the value");
    }

    [RedisFact]
    public async Task R05_RedisIsFrozen_NobodyWaitsAndItComesBackByItself()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        GuardedStore store = Guard(room.Store());
        await UntilAsync(() => store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("v"), StoreRoom.Terms), "the first connection");

        await room.Redis!.FreezeAsync();
        await AssertPassedOverAsync(store);

        await room.Redis.ThawAsync();
        await UntilAsync(async () => Assert.Equal("v", await StoreRoom.TextAsync(store, StoreRoom.Key("k"))), "the thawed Redis");
    }

    [RedisFact]
    public async Task R06_RedisLosesEverything_IsFilledAnew()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        IValueStore store = room.Store();
        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("v"), StoreRoom.Terms);

        Assert.Equal("+OK", await room.Redis!.SendAsync("FLUSHALL"));

        Assert.Null(await store.FindAsync(StoreRoom.Key("k")));
        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("new"), StoreRoom.Terms);
        Assert.Equal("new", await StoreRoom.TextAsync(store, StoreRoom.Key("k")));
    }

    private static GuardedStore Guard(IValueStore store) => new(store, Options.Timeout, Options.BreakDuration, TimeProvider.System, NullLogger<GuardedStore>.Instance);

    /// <summary>Every call fails soon; all but the few that try it fail without waiting at all.</summary>
    private static async Task AssertPassedOverAsync(GuardedStore store)
    {
        const int calls = 200;
        long start = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            long begun = TimeProvider.System.GetTimestamp();
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.FindAsync(StoreRoom.Key("k")));
            TimeSpan held = TimeProvider.System.GetElapsedTime(begun);
            Assert.True(held < Soon, $"call {i} was held up for {held}");
        }

        TimeSpan all = TimeProvider.System.GetElapsedTime(start);
        Assert.True(all < calls * Options.Timeout / 4, $"{calls} calls took {all}");
    }

    private static async Task UntilAsync(Func<Task> act, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (StoreUnavailableException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(20, CancellationToken.None);
            }
            catch (StoreUnavailableException e)
            {
                throw new TimeoutException($"{what} could not be used within 20 s", e);
            }
        }
    }
}
