using StackExchange.Redis;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>One connection to Redis for the whole silo, opened at the first call and opened again by itself when it breaks.</summary>
internal sealed class RedisConnection(string configuration) : IAsyncDisposable
{
    // how long the client's own attempts may take; callers wait far less
    private const int ConnectMilliseconds = 2_000;
    private const int AnswerMilliseconds = 1_000;
    private const int ReconnectMilliseconds = 250;

    // guards _connecting
    private readonly Lock _connection = new();
    private Task<ConnectionMultiplexer>? _connecting;

    public async Task<IDatabase> OpenAsync()
    {
        Task<ConnectionMultiplexer> connecting;
        lock (_connection)
        {
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                // off the caller's thread: resolving a name blocks
                _connecting = Task.Run(() => ConnectionMultiplexer.ConnectAsync(Options()));
            }

            connecting = _connecting;
        }

        return (await connecting.ConfigureAwait(false)).GetDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        if (_connecting is { IsCompletedSuccessfully: true } connected)
        {
            await (await connected.ConfigureAwait(false)).CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
        }
    }

    private ConfigurationOptions Options()
    {
        // an option that only another version of the client knows is passed over
        var options = ConfigurationOptions.Parse(configuration, ignoreUnknown: true);
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = ConnectMilliseconds;
        options.SyncTimeout = AnswerMilliseconds;
        options.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
        options.ClientName ??= "deepseek-silo";
        return options;
    }
}
