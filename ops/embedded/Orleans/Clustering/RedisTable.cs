using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Runtime;
using StackExchange.Redis;

namespace DeepSeekOrleans.Embedded.Clustering;

/// <summary>
/// The membership of one cluster in Redis: a hash with a row for each silo and a version, a hash with the signs of life, and a channel on
/// which every change is told. Changes are made against the version that was read, so that two of them never undo each other.
/// </summary>
internal sealed class RedisTable(RedisClusteringOptions options, ClusterOptions cluster) : IAsyncDisposable
{
    private const string VersionField = "Version";
    private const int MaxChangeAttempts = 100;

    private readonly string _key = options.CreateRedisKey(cluster)!;
    private ConnectionMultiplexer? _redis;

    private string AliveKey => _key + "/alive";

    private string Channel => _key + "/changes";

    private IDatabase Database => _redis?.GetDatabase() ?? throw new InvalidOperationException("the table is not connected");

    /// <param name="changed">Told after each change, by whomever; may be told too often and, when Redis is away, too seldom.</param>
    /// <exception cref="OrleansException">Redis does not answer.</exception>
    public async Task ConnectAsync(Action changed)
    {
        if (_redis is not null)
        {
            return;
        }

        ConfigurationOptions settings = options.ConfigurationOptions!.Clone();
        try
        {
            _redis = await ConnectionMultiplexer.ConnectAsync(settings).ConfigureAwait(false);

            // In order, one slow continuation of ours would hold up all the others.
            _redis.PreserveAsyncOrder = false;
            await _redis.GetSubscriber().SubscribeAsync(Channel, (_, _) => changed()).ConfigureAwait(false);
        }
        catch (RedisException unreachable)
        {
            throw new OrleansException($"The Redis server at {string.Join(", ", settings.EndPoints)} that keeps the membership does not answer.", unreachable);
        }
    }

    public async Task<TableSnapshot> ReadAsync()
    {
        Task<HashEntry[]> reading = Database.HashGetAllAsync(_key);
        Task<HashEntry[]> readingAlive = Database.HashGetAllAsync(AliveKey);
        long now = await NowAsync().ConfigureAwait(false);
        long version = 0;
        Dictionary<SiloAddress, SiloRow> rows = [];
        foreach (HashEntry entry in await reading.ConfigureAwait(false))
        {
            if (entry.Name == VersionField)
            {
                version = (long)entry.Value;
            }
            else if (TryParse(entry.Name, out SiloAddress? address) && SiloRow.Parse(entry.Value!) is { } row)
            {
                rows[address!] = row;
            }
        }

        Dictionary<SiloAddress, long> alive = [];
        foreach (HashEntry entry in await readingAlive.ConfigureAwait(false))
        {
            if (TryParse(entry.Name, out SiloAddress? address))
            {
                alive[address!] = (long)entry.Value;
            }
        }

        return new TableSnapshot(version, now, rows, alive);
    }

    /// <param name="change">Returns the rows to write, a null row to be removed; nothing when there is nothing to change. May be called again.</param>
    public async Task ChangeAsync(Func<TableSnapshot, Dictionary<SiloAddress, SiloRow?>> change)
    {
        for (int attempt = 0; attempt < MaxChangeAttempts; attempt++)
        {
            TableSnapshot read = await ReadAsync().ConfigureAwait(false);
            Dictionary<SiloAddress, SiloRow?> rows = change(read);
            if (rows.Count == 0 || await TryWriteAsync(read.Version, rows).ConfigureAwait(false))
            {
                return;
            }
        }

        throw new OrleansException($"The membership table changed {MaxChangeAttempts} times while a change to it was made.");
    }

    /// <summary>Says that the silo lives.</summary>
    public async Task SayAliveAsync(SiloAddress silo) =>
        await Database.HashSetAsync(AliveKey, silo.ToParsableString(), await NowAsync().ConfigureAwait(false)).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
        {
            await _redis.CloseAsync().ConfigureAwait(false);
            _redis.Dispose();
        }
    }

    private static bool TryParse(RedisValue name, out SiloAddress? address)
    {
        try
        {
            address = SiloAddress.FromParsableString(name!);
            return true;
        }
        catch (FormatException)
        {
            // Not a silo of ours: left alone.
            address = null;
            return false;
        }
    }

    private async Task<bool> TryWriteAsync(long version, Dictionary<SiloAddress, SiloRow?> rows)
    {
        ITransaction transaction = Database.CreateTransaction();
        transaction.AddCondition(version == 0 ? Condition.HashNotExists(_key, VersionField) : Condition.HashEqual(_key, VersionField, version));
        _ = transaction.HashSetAsync(_key, VersionField, version + 1);
        foreach ((SiloAddress address, SiloRow? row) in rows)
        {
            string field = address.ToParsableString();
            _ = row is null ? (Task)transaction.HashDeleteAsync(_key, field) : transaction.HashSetAsync(_key, field, row.ToJson());
            _ = row is null ? transaction.HashDeleteAsync(AliveKey, field) : Task.FromResult(true);
        }

        if (options.EntryExpiry is { } expiry)
        {
            _ = transaction.KeyExpireAsync(_key, expiry);
        }

        _ = transaction.PublishAsync(Channel, version + 1);
        return await transaction.ExecuteAsync().ConfigureAwait(false);
    }

    private async Task<long> NowAsync()
    {
        var time = (RedisResult[])(await Database.ExecuteAsync("TIME").ConfigureAwait(false))!;
        return (long.Parse((string)time[0]!, CultureInfo.InvariantCulture) * 1000) + (long.Parse((string)time[1]!, CultureInfo.InvariantCulture) / 1000);
    }
}

/// <summary>Refuses a Redis server that another machine could share.</summary>
internal sealed class LoopbackRedisOnly : IValidateOptions<RedisClusteringOptions>
{
    public ValidateOptionsResult Validate(string? name, RedisClusteringOptions options)
    {
        if (options.ConfigurationOptions is null)
        {
            return ValidateOptionsResult.Fail("RedisClusteringOptions.ConfigurationOptions is not set.");
        }

        System.Net.EndPoint? refused = options.ConfigurationOptions.EndPoints.FirstOrDefault(endPoint => !IsLoopback(endPoint));
        return refused is null
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"The embedded host serves one machine and refuses the Redis server at {refused}: for more than one machine use Orleans (build with -p:PackageSet=official).");
    }

    private static bool IsLoopback(System.Net.EndPoint endPoint) => endPoint switch
    {
        System.Net.IPEndPoint ip => System.Net.IPAddress.IsLoopback(ip.Address),
        System.Net.DnsEndPoint dns => dns.Host is "localhost" || (System.Net.IPAddress.TryParse(dns.Host, out System.Net.IPAddress? ip) && System.Net.IPAddress.IsLoopback(ip)),
        _ => true,
    };
}
