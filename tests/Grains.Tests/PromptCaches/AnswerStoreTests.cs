using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.PromptCaches;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Grains.Tests.Storage;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Grains.Tests.PromptCaches;

public sealed class AnswerStoreTests
{
    private static readonly AnswerKey Key = new(new TenantName("tenant-a"), "demo@1", "k");
    private static readonly CachedResponse Answer = new([1, 2, 3], StreamFinish.Stop, new StreamFacts(2, "v", "int8", "cpu"));

    public static TheoryData<string> Sorts => StoreRoom.Sorts;

    [Theory, MemberData(nameof(Sorts))]
    public async Task Find_KeptAnswer_ReturnsItForItsTenantAndNobodyElse(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        AnswerStore answers = Over(room.Store());

        await answers.KeepAsync(Key, Answer);

        Assert.Equivalent(Answer, await answers.FindAsync(Key));
        Assert.Null(await answers.FindAsync(Key with { Tenant = new TenantName("tenant-b") }));
        Assert.Null(await answers.FindAsync(Key with { Model = "demo@2" }));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Find_DamagedOrForeignValues_AreCountedAndRemovedAndNeverThrown(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        AnswerStore answers = Over(store);
        StoreKey name = StoreRoom.Key("k");
        byte[] good = ValueEnvelope.Seal(name, AnswerFormat.Schema, AnswerFormat.Write(Answer));
        byte[][] bad =
        [
            [], [0], StoreRoom.Bytes("{\"some\": \"json\"}"), good[..^1], [.. good, 0],
            .. Enumerable.Range(0, good.Length).Select(i => good.Select((value, at) => at == i ? (byte)(value ^ 0x40) : value).ToArray()),
            ValueEnvelope.Seal(name, AnswerFormat.Schema + 1, AnswerFormat.Write(Answer)),
            ValueEnvelope.Seal(StoreRoom.Key("k", "tenant-b"), AnswerFormat.Schema, AnswerFormat.Write(Answer)),
            ValueEnvelope.Seal(name, AnswerFormat.Schema, [0, 255, 255, 255, 127]),
            ValueEnvelope.Seal(name, AnswerFormat.Schema, AnswerFormat.Write(Answer with { Finish = StreamFinish.ModelFault })),
        ];

        foreach (byte[] value in bad)
        {
            await store.KeepAsync(name, value, StoreRoom.Terms);
            Assert.Null(await answers.FindAsync(Key));
            Assert.Null(await store.FindAsync(name));
        }

        Assert.Equal(bad.Length, answers.Foreign);
    }

    [RedisFact]
    public async Task R05_RedisIsFrozen_KnownAnswersComeFromMemoryAndNewOnesAreComputed()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        var limits = new StorageOptions();
        var guarded = new GuardedStore(
            room.Store(), limits.Timeout, limits.BreakDuration, TimeProvider.System, NullLogger<GuardedStore>.Instance);
        AnswerStore answers = Over(new LayeredStore(new MemoryStore(1_000_000, TimeProvider.System), guarded));
        await answers.KeepAsync(Key, Answer);
        await room.Redis!.FreezeAsync();

        Assert.Equivalent(Answer, await answers.FindAsync(Key));
        Assert.Null(await answers.FindAsync(Key with { Digest = "unknown" }));
        await answers.KeepAsync(Key with { Digest = "new" }, Answer);

        Assert.Equivalent(Answer, await answers.FindAsync(Key with { Digest = "new" }));
        Assert.True(answers.Bypassed >= 2, $"{answers.Bypassed} calls were counted as passed over");
    }

    private static AnswerStore Over(IValueStore store) =>
        new(store, Options.Create(new ResponseCacheOptions()), NullLogger<AnswerStore>.Instance);
}
