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
    public async Task<RunningAttempt> OpenAsync(GenerationPlan plan, AttemptStart start, MoveRecord record, CancellationToken cancellationToken)
    {
        var search = new Search(plan, record, _options.OpenTimeout, failure => failure == GenerationFailure.Unanswered, IsOver: () => false);
        return (await StartAsync(search, start, cancellationToken))!;
    }

    /// <summary>
    /// Starts the next attempt. A cluster that has just lost a silo may have no room for a while: it is asked again. An attempt that is
    /// merely doubted may go on meanwhile.
    /// </summary>
    /// <returns>Null when the doubted attempt's worker has spoken again.</returns>
    /// <exception cref="GenerationException">Nobody has taken it in <see cref="StreamOptions.MoveTimeout"/>.</exception>
    public async Task<RunningAttempt?> MoveAsync(
        GenerationPlan plan, LeftAttempt left, int[] emittedIds, MoveRecord record, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        AttemptStart ended = left.Attempt.Start;
        int breaks = ended.Breaks + (left.IsSuspect ? 1 : 0);
        AttemptStart start = ended with { Number = record.NextNumber, EmittedIds = emittedIds, Breaks = breaks, Retries = 0 };
        var search = new Search(plan, record, _options.MoveTimeout, IsPassing, () => left.IsBack);
        RunningAttempt? next = await StartAsync(search, start, cancellationToken);
        double milliseconds = time.GetElapsedTime(begin).TotalMilliseconds;
        if (next is null)
        {
            Log.SpokeAgain(logger, plan.RequestId, left.Attempt.Inbox.Worker, milliseconds);
            return null;
        }

        Log.Moved(logger, plan.RequestId, left.Attempt.Inbox.Worker, next.Inbox.Worker, left.Failure, milliseconds);
        return next;
    }

    private static bool IsPassing(GenerationFailure failure) =>
        failure is GenerationFailure.Busy or GenerationFailure.NoWorker or GenerationFailure.Unanswered;

    private async Task<RunningAttempt?> StartAsync(Search search, AttemptStart start, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (!search.IsOver())
        {
            try
            {
                search.Record.NextNumber = start.Number + _options.MaxStarts;
                RunningAttempt started = await starter.StartAsync(search.Plan, start, cancellationToken);
                search.Record.NextNumber = started.Start.Number + 1;
                return started;
            }
            catch (GenerationException e) when (search.IsPassing(e.Failure) && time.GetElapsedTime(begin) < search.Limit)
            {
                await Task.Delay(_options.MoveRetryDelay, time, cancellationToken);
                start = start with { Number = search.Record.NextNumber, Retries = start.Retries + 1 };
            }
        }

        return null;
    }

    /// <param name="Limit">How long it goes on while every refusal passes.</param>
    /// <param name="IsPassing">It is worth asking again after such a refusal.</param>
    /// <param name="IsOver">Asked before each question.</param>
    private sealed record Search(
        GenerationPlan Plan, MoveRecord Record, TimeSpan Limit, Func<GenerationFailure, bool> IsPassing, Func<bool> IsOver);

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Request {RequestId} has moved from {From} to {To} ({Failure}) within {Milliseconds:F0} ms")]
        public static partial void Moved(
            ILogger logger, string requestId, WorkerKey from, WorkerKey to, GenerationFailure failure, double milliseconds);

        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Request {RequestId} has stayed at {Worker}, which spoke again after {Milliseconds:F0} ms")]
        public static partial void SpokeAgain(ILogger logger, string requestId, WorkerKey worker, double milliseconds);
    }
}
