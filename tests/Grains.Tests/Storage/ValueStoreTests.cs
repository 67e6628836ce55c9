using DeepSeekOrleans.Grains.Storage;

namespace DeepSeekOrleans.Grains.Tests.Storage;

/// <summary>What all sorts of stores have in common.</summary>
public sealed class ValueStoreTests
{
    public static TheoryData<string> Sorts => StoreRoom.Sorts;

    [Theory, MemberData(nameof(Sorts))]
    public async Task Find_KeptValue_ReturnsItAndItsTime(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        byte[] value = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

        await store.KeepAsync(StoreRoom.Key("k"), value, StoreRoom.Terms);
        StoredValue? found = await store.FindAsync(StoreRoom.Key("k"));

        Assert.Equal(value, found!.Value.Bytes.ToArray());
        Assert.InRange(found.Value.TimeLeft, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Null(await store.FindAsync(StoreRoom.Key("other")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Keep_SameKeyAgain_ReplacesTheValue(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();

        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("one"), StoreRoom.Terms);
        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("two"), StoreRoom.Terms);

        Assert.Equal("two", await StoreRoom.TextAsync(store, StoreRoom.Key("k")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Replace_ExpectedValueOrNone_IsKept(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();

        bool first = await store.ReplaceAsync(StoreRoom.Key("k"), null, StoreRoom.Bytes("one"), StoreRoom.Terms);
        bool second = await store.ReplaceAsync(StoreRoom.Key("k"), StoreRoom.Bytes("one"), StoreRoom.Bytes("two"), StoreRoom.Terms);

        Assert.True(first);
        Assert.True(second);
        Assert.Equal("two", await StoreRoom.TextAsync(store, StoreRoom.Key("k")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Replace_AnotherValueOrNone_LeavesWhatIsThere(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("two"), StoreRoom.Terms);

        bool overAnother = await store.ReplaceAsync(StoreRoom.Key("k"), StoreRoom.Bytes("one"), StoreRoom.Bytes("three"), StoreRoom.Terms);
        bool overOne = await store.ReplaceAsync(StoreRoom.Key("k"), null, StoreRoom.Bytes("three"), StoreRoom.Terms);
        bool overNone = await store.ReplaceAsync(StoreRoom.Key("gone"), StoreRoom.Bytes("one"), StoreRoom.Bytes("three"), StoreRoom.Terms);
        bool tooLarge = await store.ReplaceAsync(
            StoreRoom.Key("k"), StoreRoom.Bytes("two"), new byte[3_000], StoreRoom.Terms with { MaxTenantBytes = 2_000 });

        Assert.Equal((false, false, false, false), (overAnother, overOne, overNone, tooLarge));
        Assert.Equal("two", await StoreRoom.TextAsync(store, StoreRoom.Key("k")));
        Assert.Null(await store.FindAsync(StoreRoom.Key("gone")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Replace_ManyAtOnceThroughSeveralStores_OneIsKept(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore[] stores = [room.Store(), room.Store()];

        bool[] kept = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(
            () => stores[i % 2].ReplaceAsync(StoreRoom.Key("k"), null, StoreRoom.Bytes($"{i}"), StoreRoom.Terms))));

        Assert.Single(kept, isKept => isKept);
        Assert.Equal($"{Array.IndexOf(kept, true)}", await StoreRoom.TextAsync(stores[0], StoreRoom.Key("k")));
    }

    [Fact]
    public async Task Replace_NearStoreIsBehindTheFarOne_TheFarOneDecidesAndIsReadAgain()
    {
        var far = new MemoryStore(maxBytes: 1_000_000, TimeProvider.System);
        var store = new LayeredStore(new MemoryStore(maxBytes: 1_000_000, TimeProvider.System), far);
        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("one"), StoreRoom.Terms);
        await far.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("two"), StoreRoom.Terms);

        bool overOld = await store.ReplaceAsync(StoreRoom.Key("k"), StoreRoom.Bytes("one"), StoreRoom.Bytes("three"), StoreRoom.Terms);
        string? read = await StoreRoom.TextAsync(store, StoreRoom.Key("k"));
        bool overNew = await store.ReplaceAsync(StoreRoom.Key("k"), StoreRoom.Bytes("two"), StoreRoom.Bytes("three"), StoreRoom.Terms);

        Assert.Equal((false, "two", true), (overOld, read, overNew));
        Assert.Equal("three", await StoreRoom.TextAsync(store, StoreRoom.Key("k")));
        Assert.Equal("three", await StoreRoom.TextAsync(far, StoreRoom.Key("k")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Find_AfterItsTime_ReturnsNothing(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        await store.KeepAsync(StoreRoom.Key("k"), StoreRoom.Bytes("short"), StoreRoom.Terms with { TimeToLive = TimeSpan.FromMilliseconds(30) });

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await StoreRoom.TextAsync(store, StoreRoom.Key("k")) is { } left)
        {
            Assert.False(limit.IsCancellationRequested, $"'{left}' is still there after ten seconds");
        }
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Keep_OneTenantFloods_LosesItsOwnOldestAndNobodyElses(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        KeepTerms terms = StoreRoom.Terms with { MaxTenantBytes = 20_000 };
        await store.KeepAsync(StoreRoom.Key("quiet", "tenant-b"), StoreRoom.Bytes("still here"), terms);

        for (int i = 0; i < 100; i++)
        {
            await store.KeepAsync(StoreRoom.Key($"{i}"), new byte[1_000], terms);
        }

        int kept = 0;
        for (int i = 0; i < 100; i++)
        {
            kept += await store.FindAsync(StoreRoom.Key($"{i}")) is null ? 0 : 1;
        }

        Assert.InRange(kept, 10, 19);
        Assert.NotNull(await store.FindAsync(StoreRoom.Key("99")));
        Assert.Equal("still here", await StoreRoom.TextAsync(store, StoreRoom.Key("quiet", "tenant-b")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Keep_ValueLargerThanTheShare_LeavesTheOthersAlone(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        KeepTerms terms = StoreRoom.Terms with { MaxTenantBytes = 2_000 };
        await store.KeepAsync(StoreRoom.Key("small"), StoreRoom.Bytes("small"), terms);

        await store.KeepAsync(StoreRoom.Key("large"), new byte[3_000], terms);

        Assert.Equal("small", await StoreRoom.TextAsync(store, StoreRoom.Key("small")));
        Assert.Null(await store.FindAsync(StoreRoom.Key("large")));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Purge_OfOneTenantModelOrEntry_RemovesThatAndNothingElse(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        StoreKey[] keys = [.. from tenant in (string[])["a", "b"] from model in (string[])["m@1", "m@2"] from name in (string[])["x", "y"]
            select StoreRoom.Key(name, tenant, model)];
        foreach (StoreKey key in keys)
        {
            await store.KeepAsync(key, StoreRoom.Bytes("v"), StoreRoom.Terms);
        }

        await store.PurgeAsync(StoreRoom.Key("x", "a", "m@1"));
        Assert.Equal(keys[1..], await LeftAsync(store, keys));

        await store.PurgeAsync(new StoreScope("answer", Model: "m@2"));
        Assert.Equal([keys[1], keys[4], keys[5]], await LeftAsync(store, keys));

        await store.PurgeAsync(new StoreScope("answer", keys[4].Tenant));
        Assert.Equal([keys[1]], await LeftAsync(store, keys));
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Keys_WithForeignCharacters_NeitherMixNorLeaveTheirPlace(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        StoreKey[] keys =
        [
            StoreRoom.Key("x", "a", "m:1"), StoreRoom.Key("1:x", "a", "m"), StoreRoom.Key("*", "a", "m"), StoreRoom.Key("..", "..", "../.."),
            StoreRoom.Key("#sizes", "a", ""), StoreRoom.Key("{b}", "a}b", "é"),
        ];

        foreach ((int i, StoreKey key) in keys.Index())
        {
            await store.KeepAsync(key, StoreRoom.Bytes($"{i}"), StoreRoom.Terms);
        }

        foreach ((int i, StoreKey key) in keys.Index())
        {
            Assert.Equal($"{i}", await StoreRoom.TextAsync(store, key));
        }

        await store.PurgeAsync(new StoreScope("answer", keys[0].Tenant, "m"));
        StoreKey[] left = await LeftAsync(store, keys);
        Assert.Equal([keys[0], .. keys[3..]], left);
    }

    private static async Task<StoreKey[]> LeftAsync(IValueStore store, StoreKey[] keys)
    {
        var left = new List<StoreKey>();
        foreach (StoreKey key in keys)
        {
            if (await store.FindAsync(key) is not null)
            {
                left.Add(key);
            }
        }

        return [.. left];
    }
}
