using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// Keeps a store that is away or slow from holding anything up: a call waits for a bounded time, and after a few failures the next calls
/// fail at once, until one that is let through now and then succeeds.
/// </summary>
internal sealed partial class GuardedStore : IValueStore
{
    // two in a row are enough: a store in trouble costs requests the timeout twice, and one more each time that it is tried again
    private const int FailuresToOpen = 2;
    private const double FailureRatio = 0.5;
    private static readonly TimeSpan Sampling = TimeSpan.FromSeconds(5);

    private readonly IValueStore _store;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _pipeline;

    /// <param name="timeout">What one call may take.</param>
    /// <param name="breakDuration">How long a store that has failed is left alone.</param>
    public GuardedStore(IValueStore store, TimeSpan timeout, TimeSpan breakDuration, TimeProvider time, ILogger<GuardedStore> logger)
    {
        (_store, _logger) = (store, logger);
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                MinimumThroughput = FailuresToOpen,
                FailureRatio = FailureRatio,
                SamplingDuration = Sampling,
                BreakDuration = breakDuration,

                // the boundary of another process: whatever goes wrong there is a failure of the store
                ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome.Exception is not null),
                OnOpened = Opened,
                OnClosed = Closed,
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = timeout })
            .Build();
    }

    public Task<StoredValue?> FindAsync(StoreKey key) => GuardAsync(() => _store.FindAsync(key));

    public Task KeepAsync(StoreKey key, ReadOnlyMemory<byte> value, KeepTerms terms) => GuardAsync(() => _store.KeepAsync(key, value, terms));

    public Task<bool> ReplaceAsync(StoreKey key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, KeepTerms terms) =>
        GuardAsync(() => _store.ReplaceAsync(key, expected, value, terms));

    public Task PurgeAsync(StoreKey key) => GuardAsync(() => _store.PurgeAsync(key));

    /// <summary>Not bounded in time, since it may visit many values and no request waits for it.</summary>
    public async Task PurgeAsync(StoreScope scope)
    {
        try
        {
            await _store.PurgeAsync(scope).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not StoreUnavailableException)
        {
            throw Unavailable(e);
        }
    }

    private Task<bool> GuardAsync(Func<Task> call) => GuardAsync(async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    });

    private async Task<T> GuardAsync<T>(Func<Task<T>> call)
    {
        try
        {
            // the stores know no cancellation: the call is left to its own end
            return await _pipeline.ExecuteAsync(
                static async (call, limit) => await call().WaitAsync(limit).ConfigureAwait(false), call).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Unavailable(e);
        }
    }

    private static StoreUnavailableException Unavailable(Exception cause) => new(
        cause is BrokenCircuitException ? "the store has failed and is left alone for a while" : "the store did not answer", cause);

    private ValueTask Opened(OnCircuitOpenedArguments<object> opened)
    {
        if (!opened.IsManual)
        {
            Log.Lost(_logger, opened.Outcome.Exception, opened.BreakDuration.TotalSeconds);
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask Closed(OnCircuitClosedArguments<object> closed)
    {
        Log.Found(_logger);
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The store is away or slow and was passed over for {Seconds:F1} s")]
        public static partial void Lost(ILogger logger, Exception? cause, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The store has answered again")]
        public static partial void Found(ILogger logger);
    }
}
