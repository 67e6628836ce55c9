using System.Globalization;
using StackExchange.Redis;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>Keeps values in Redis, shared by all silos of a cluster.</summary>
internal sealed class RedisStore(RedisConnection connection, string clusterId) : IValueStore
{
    // what a scan looks at, and a script removes, at a time: Redis serves nobody else meanwhile
    private const int KeysAtATime = 500;

    private readonly RedisKeys _keys = new(clusterId);

    public async Task<StoredValue?> FindAsync(StoreKey key)
    {
        IDatabase redis = await connection.OpenAsync().ConfigureAwait(false);
        try
        {
            RedisValueWithExpiry found = await redis.StringGetWithExpiryAsync(_keys.Of(key)).ConfigureAwait(false);
            return found.Value.IsNull ? null : new StoredValue((byte[]?)found.Value, found.Expiry ?? TimeSpan.Zero);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // somebody else's list or table under our key: no envelope, so that its reader has it removed
            return new StoredValue(ReadOnlyMemory<byte>.Empty, TimeSpan.Zero);
        }
    }

    public async Task KeepAsync(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        long size = key.SizeOf(value.Length);
        if (size > terms.MaxTenantBytes)
        {
            await PurgeAsync(key).ConfigureAwait(false);
            return;
        }

        await WriteAsync(RedisScripts.Keep, key, value, terms).ConfigureAwait(false);
    }

    public async Task<bool> ReplaceAsync(StoreKey key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, KeepTerms terms)
    {
        if (key.SizeOf(value.Length) > terms.MaxTenantBytes)
        {
            return false;
        }

        RedisValue[] known = expected is { } bytes ? [bytes.ToArray()] : [];
        return (bool)await WriteAsync(RedisScripts.Replace, key, value, terms, known).ConfigureAwait(false);
    }

    public async Task PurgeAsync(StoreKey key)
    {
        IDatabase redis = await connection.OpenAsync().ConfigureAwait(false);
        (RedisKey expiries, RedisKey sizes) = _keys.TablesOf(key);
        await RunAsync(redis, RedisScripts.Remove, [expiries, sizes, _keys.Of(key)]).ConfigureAwait(false);
    }

    public async Task PurgeAsync(StoreScope scope)
    {
        IDatabase redis = await connection.OpenAsync().ConfigureAwait(false);
        string pattern = _keys.PatternOf(scope);
        string cursor = "0";
        do
        {
            RedisResult reply = await redis.ExecuteAsync("SCAN", cursor, "MATCH", pattern, "COUNT", KeysAtATime).ConfigureAwait(false);
            var page = (RedisResult[])reply!;
            cursor = (string)page[0]!;
            foreach (IGrouping<(RedisKey Expiries, RedisKey Sizes), string> shelf in ((string[])page[1]!).GroupBy(RedisKeys.TablesOf))
            {
                RedisKey[] keys = [shelf.Key.Expiries, shelf.Key.Sizes, .. shelf.Select(key => (RedisKey)key)];
                await RunAsync(redis, RedisScripts.Remove, keys).ConfigureAwait(false);
            }
        }
        while (cursor != "0");
    }

    private async Task<RedisResult> WriteAsync(
        string script, StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms, params RedisValue[] further)
    {
        IDatabase redis = await connection.OpenAsync().ConfigureAwait(false);
        (RedisKey expiries, RedisKey sizes) = _keys.TablesOf(key);
        RedisValue[] arguments =
            [value.ToArray(), (long)terms.TimeToLive.TotalMilliseconds, key.SizeOf(value.Length), terms.MaxTenantBytes, .. further];
        return await RunAsync(redis, script, [expiries, sizes, _keys.Of(key)], arguments).ConfigureAwait(false);
    }

    // sent in full each time: a Redis that was restarted or flushed has forgotten every script
    private static Task<RedisResult> RunAsync(IDatabase redis, string script, RedisKey[] keys, params RedisValue[] arguments)
    {
        string count = keys.Length.ToString(CultureInfo.InvariantCulture);
        object[] all = [script, count, .. keys.Cast<object>(), .. arguments.Cast<object>()];
        return redis.ExecuteAsync("EVAL", all);
    }
}
