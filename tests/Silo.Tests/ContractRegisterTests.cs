using System.Globalization;
using DeepSeekOrleans.Silo.Contracts;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Silo.Tests;

public sealed class ContractRegisterTests
{
    private const string Key = "deepseek:{blue}:contract";
    private const long Far = 9_000_000_000_000_000;

    [RedisFact]
    public async Task Claim_OfAnotherVersion_IsToldTheClustersUntilItsLastSiloHasLeft()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        await register.ClaimAsync("a", version: 1, since: 0);
        await register.ClaimAsync("b", version: 1, since: 0);

        int whileBoth = (await register.ClaimAsync("c", version: 2, since: 0)).Spoken;
        await register.ReleaseAsync("a");
        int whileOne = (await register.ClaimAsync("c", version: 2, since: 0)).Spoken;
        await register.ReleaseAsync("b");
        int whileNone = (await register.ClaimAsync("c", version: 2, since: 0)).Spoken;

        Assert.Equal((1, 1, 2), (whileBoth, whileOne, whileNone));
    }

    [RedisFact]
    public async Task Claim_InAnotherCluster_MeetsNobody()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        await using ContractRegister green = new(redis.Address, "green");
        await register.ClaimAsync("a", version: 1, since: 0);

        int spoken = (await green.ClaimAsync("b", version: 2, since: 0)).Spoken;

        Assert.Equal(2, spoken);
    }

    [RedisFact]
    public async Task Claim_RegisterWasFlushedAndTakenByAnotherVersion_TheOlderSiloStaysAndTheLaterOneLeaves()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        long oldSince = (await register.ClaimAsync("old", version: 1, since: 0)).Since;
        await redis.SendAsync("FLUSHALL");
        long newSince = (await register.ClaimAsync("new", version: 2, since: 0)).Since;

        int oldSpoken = (await register.ClaimAsync("old", version: 1, oldSince)).Spoken;
        int newSpoken = (await register.ClaimAsync("new", version: 2, newSince)).Spoken;
        int oldAgain = (await register.ClaimAsync("old", version: 1, oldSince)).Spoken;

        Assert.Equal((1, 1, 1), (oldSpoken, newSpoken, oldAgain));
        Assert.Equal(":0", await redis.SendAsync("HEXISTS", Key, "new"));
    }

    /// <summary>Two silos that both believe to be the older one would both stay, and the cluster would speak two versions.</summary>
    [RedisFact]
    public async Task Claim_OfTwoVersionsThatCameAtTheSameMicrosecond_OneStays()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        long since = (await register.ClaimAsync("a", version: 1, since: 0)).Since;
        await redis.SendAsync("HSET", Key, "b", $"\"2 {since} {Far}\"");

        int spokenToA = (await register.ClaimAsync("a", version: 1, since)).Spoken;
        int spokenToB = (await register.ClaimAsync("b", version: 2, since)).Spoken;

        Assert.Equal((1, 1), (spokenToA, spokenToB));
    }

    [RedisTheory]
    [InlineData("\"1 1 2\"")] // a silo that died long ago
    [InlineData("\"no entry at all\"")]
    public async Task Claim_BesideAnEntryThatDoesNotCount_IsTakenAndTheEntryRemoved(string entry)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        await redis.SendAsync("HSET", Key, "dead", entry);

        int spoken = (await register.ClaimAsync("new", version: 2, since: 0)).Spoken;

        Assert.Equal(2, spoken);
        Assert.Equal(":0", await redis.SendAsync("HEXISTS", Key, "dead"));
    }

    [RedisFact]
    public async Task Claim_SomethingElseUnderItsKey_IsTaken()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        await redis.SendAsync("LPUSH", Key, "foreign");

        int spoken = (await register.ClaimAsync("new", version: 2, since: 0)).Spoken;

        Assert.Equal(2, spoken);
    }

    /// <summary>An hour's jump back must not keep the next version out for an hour.</summary>
    [RedisFact]
    public async Task Claim_EntryFromBeforeTheClockWasSetBack_CountsNoLongerThanAnyOther()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ContractRegister register = new(redis.Address, "blue");
        await redis.SendAsync("HSET", Key, "dead", $"\"1 1 {Far}\"");

        int spoken = (await register.ClaimAsync("new", version: 2, since: 0)).Spoken;
        long last = long.Parse((await EntryOfAsync(redis, "dead")).Split(' ')[2], CultureInfo.InvariantCulture);
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000;

        Assert.Equal(1, spoken);
        Assert.InRange(last, now - 60_000_000, now + 60_000_000);
    }

    // a status is one line, other than what HGET returns
    private static Task<string> EntryOfAsync(RedisServer redis, string silo) =>
        redis.SendAsync("EVAL", $"\"return redis.status_reply(redis.call('HGET', KEYS[1], '{silo}'))\"", "1", Key);
}
