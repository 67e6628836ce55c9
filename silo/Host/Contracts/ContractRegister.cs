using System.Globalization;
using StackExchange.Redis;

namespace DeepSeekOrleans.Silo.Contracts;

/// <summary>
/// The contract versions of a cluster's living silos, in Redis: <c>deepseek:{cluster}:contract</c> holds for each silo its version, since
/// when it has been there and until when that counts. Times are the server's. The version of the silo that has been there longest is the
/// cluster's.
/// </summary>
internal sealed class ContractRegister(string redis, string clusterId) : IAsyncDisposable
{
    /// <summary>How long a silo counts that has died without a word: a few times <see cref="ContractClaim"/>'s period, so that a slow server costs nobody their place.</summary>
    public static readonly TimeSpan EntryLife = TimeSpan.FromSeconds(10);

    // shorter than an entry's life, so that a server that hangs is asked again before the entry ends
    private const int AnswerMilliseconds = 2_000;

    // KEYS: register. ARGV: silo, version, since (0 for a newcomer), life of an entry. Returns the cluster's version and since when this silo
    // counts. Times are in microseconds, so that hardly two silos come at the same one; of those that do, the first by name counts as older.
    // What cannot be read is removed, and a clock that was set back prolongs no entry.
    private const string Claim = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        local life = tonumber(ARGV[4])
        local newcomer = ARGV[3] == '0'
        local since = newcomer and now or tonumber(ARGV[3])
        if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
        local oldest, senior, spoken = since, ARGV[1], ARGV[2]
        local entries = redis.call('HGETALL', KEYS[1])
        for i = 1, #entries, 2 do
          local version, first, last = string.match(entries[i + 1], '^(%d+) (%d+) (%d+)$')
          if not last or tonumber(last) < now then
            redis.call('HDEL', KEYS[1], entries[i])
          else
            if tonumber(last) > now + life then
              redis.call('HSET', KEYS[1], entries[i], string.format('%s %s %.0f', version, first, now + life))
            end
            first = tonumber(first)
            if version ~= ARGV[2] and (newcomer or first < oldest or (first == oldest and entries[i] < senior)) then
              oldest, senior, spoken = first, entries[i], version
              newcomer = false
            end
          end
        end
        if spoken ~= ARGV[2] then
          redis.call('HDEL', KEYS[1], ARGV[1])
        else
          redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %.0f %.0f', ARGV[2], since, now + life))
          redis.call('PEXPIRE', KEYS[1], math.ceil(life / 500))
        end
        return {spoken, string.format('%.0f', since)}
        """;

    private readonly RedisKey _key = $"deepseek:{{{Uri.EscapeDataString(clusterId)}}}:contract";
    private ConnectionMultiplexer? _connection;

    /// <summary>Enters the silo, or prolongs its entry, unless the cluster speaks another version.</summary>
    /// <param name="silo">The same one in each call.</param>
    /// <param name="since">What the last call returned; 0 in the first.</param>
    /// <exception cref="RedisException">The server does not answer.</exception>
    /// <exception cref="TimeoutException">The same.</exception>
    public async Task<(int Spoken, long Since)> ClaimAsync(string silo, int version, long since)
    {
        IDatabase database = await OpenAsync().ConfigureAwait(false);

        // sent in full each time: a server that was restarted or flushed has forgotten every script
        var answer = (RedisResult[])(await database.ExecuteAsync(
            "EVAL", Claim, 1, _key, silo, version, since, (long)EntryLife.TotalMicroseconds).ConfigureAwait(false))!;
        return (int.Parse((string)answer[0]!, CultureInfo.InvariantCulture), long.Parse((string)answer[1]!, CultureInfo.InvariantCulture));
    }

    public async Task ReleaseAsync(string silo)
    {
        IDatabase database = await OpenAsync().ConfigureAwait(false);
        await database.HashDeleteAsync(_key, silo).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
        }
    }

    private async Task<IDatabase> OpenAsync()
    {
        if (_connection is null)
        {
            // an option that only another version of the client knows is passed over
            var options = ConfigurationOptions.Parse(redis, ignoreUnknown: true);
            options.SyncTimeout = AnswerMilliseconds;
            options.ClientName ??= "deepseek-silo-contract";
            _connection = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
        }

        return _connection.GetDatabase();
    }
}
