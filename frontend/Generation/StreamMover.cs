using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// Takes an answer whose worker is gone to another one, which continues after the tokens that were delivered. Since each token is
/// determined by prompt, position and seed, the reader sees no seam.
/// </summary>
internal sealed partial class StreamMover(AttemptStarter starter, IOptions<StreamOptions> options, TimeProvider time, ILogger<StreamMover> logger)
{
    private readonly StreamOptions _options = options.Value;

    public MoveRecord NewRecord() => new(_options);

    public TokenLog NewLog() => new(_options.MaxUnreadTokens);

    /// <summary>Completes after as long as a silent client connection may stay without a sign of life.</summary>
    public Task KeepAliveDueAsync(CancellationToken cancellationToken) => Task.Delay(_options.KeepAlive, time, cancellationToken);

    /// <summary>Starts the first attempt. A call may be lost with the gateway or the silo that it went through: it is made again.</summary>
    /// <exception cref="GenerationException">No worker takes it now, or nobody has answered in <see cref="StreamOptions.OpenTimeout"/>.</exception>
    public Task<RunningAttempt> OpenAsync(GenerationPlan plan, AttemptStart start, CancellationToken cancellationToken) =>
        StartAsync(plan, start, _options.OpenTimeout, failure => failure == GenerationFailure.Unanswered, cancellationToken);

    /// <summary>Starts the next attempt. A cluster that has just lost a silo may have no room for a while: it is asked again.</summary>
    /// <exception cref="GenerationException">Nobody has taken it in <see cref="StreamOptions.MoveTimeout"/>.</exception>
    public async Task<RunningAttempt> MoveAsync(
        GenerationPlan plan, RunningAttempt ended, GenerationFailure failure, int[] emittedIds, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        int breaks = ended.Start.Breaks + (failure == GenerationFailure.WorkerStalled ? 1 : 0);
        AttemptStart start = ended.Start with { Number = ended.Start.Number + 1, EmittedIds = emittedIds, Breaks = breaks, Retries = 0 };
        RunningAttempt next = await StartAsync(plan, start, _options.MoveTimeout, IsPassing, cancellationToken);
        double milliseconds = time.GetElapsedTime(begin).TotalMilliseconds;
        Log.Moved(logger, plan.RequestId, ended.Inbox.Worker, next.Inbox.Worker, failure, milliseconds);
        return next;
    }

    private static bool IsPassing(GenerationFailure failure) =>
        failure is GenerationFailure.Busy or GenerationFailure.NoWorker or GenerationFailure.Unanswered;

    private async Task<RunningAttempt> StartAsync(
        GenerationPlan plan, AttemptStart start, TimeSpan limit, Func<GenerationFailure, bool> isPassing, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await starter.StartAsync(plan, start, cancellationToken);
            }
            catch (GenerationException e) when (isPassing(e.Failure) && time.GetElapsedTime(begin) < limit)
            {
                await Task.Delay(_options.MoveRetryDelay, time, cancellationToken);
                start = start with { Number = start.Number + _options.MaxStarts, Retries = start.Retries + 1 };
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Request {RequestId} has moved from {From} to {To} ({Failure}) within {Milliseconds:F0} ms")]
        public static partial void Moved(
            ILogger logger, string requestId, WorkerKey from, WorkerKey to, GenerationFailure failure, double milliseconds);
    }
}
