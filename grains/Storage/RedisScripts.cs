namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// What must happen in Redis in one piece. Each tenant has, for each kind, a sorted set of its keys by expiry and a table of their sizes,
/// with the sum under <c>#</c>; the time is that of the server.
/// </summary>
internal static class RedisScripts
{
    /// <summary>KEYS: expiries, sizes, value. ARGV: value, time to live in ms, size, most bytes.</summary>
    public const string Keep = Forget + Write;

    /// <summary>
    /// The same with the value to replace as a further ARGV, or none for none. Returns 1, or 0 when it is another; what is no text comes as a
    /// table, which is another as well.
    /// </summary>
    public const string Replace = """
        if redis.pcall('GET', KEYS[3]) ~= (ARGV[5] or false) then return 0 end

        """ + Forget + Write + """

        return 1
        """;

    /// <summary>KEYS: expiries, sizes, and the values to remove.</summary>
    public const string Remove = Forget + """
        for i = 3, #KEYS do
          redis.call('UNLINK', KEYS[i])
          forget(KEYS[i])
        end
        """;

    private const string Forget = """
        local function forget(key)
          redis.call('ZREM', KEYS[1], key)
          local size = redis.call('HGET', KEYS[2], key)
          if not size then return end
          redis.call('HDEL', KEYS[2], key)
          redis.call('HINCRBY', KEYS[2], '#', '-' .. size)
        end

        """;

    private const string Write = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do forget(key) end
        forget(KEYS[3])
        redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
        redis.call('ZADD', KEYS[1], now + ARGV[2], KEYS[3])
        redis.call('HSET', KEYS[2], KEYS[3], ARGV[3])
        local sum = redis.call('HINCRBY', KEYS[2], '#', ARGV[3])
        while sum > tonumber(ARGV[4]) do
          local first = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
          if not first then break end
          redis.call('UNLINK', first)
          forget(first)
          sum = tonumber(redis.call('HGET', KEYS[2], '#'))
        end
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
          redis.call('PEXPIRE', KEYS[1], ARGV[2])
          redis.call('PEXPIRE', KEYS[2], ARGV[2])
        end
        """;
}
