using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// One answer while it is computed, over as many attempts as it takes, for all who have asked for the same. It belongs to none of them:
/// it goes on as long as anybody reads it. The tokens so far are kept: they are what another worker needs to continue when one is lost.
/// </summary>
internal sealed class ComputedAnswer(GenerationPlan plan, StreamMover mover) : IDisposable
{
    private readonly MoveRecord _moves = mover.NewRecord();
    private readonly List<RunningAttempt> _attempts = [];
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private Task _run = Task.CompletedTask;

    public TokenLog Log { get; } = mover.NewLog();

    /// <summary>Its readers and, until its end is settled, its computation; kept by <see cref="ComputedAnswers"/>.</summary>
    public int Holders { get; set; } = 1;

    /// <summary>Completed when a worker computes it or it is known already; faulted when nobody can compute it.</summary>
    public Task Begun => _begun.Task;

    /// <summary>The answer was known already.</summary>
    public bool IsReplayed { get; private set; }

    /// <summary>It was already computed for another frontend.</summary>
    public bool IsJoined { get; private set; }

    private RunningAttempt Attempt => _attempts[^1];

    /// <summary>Computes it to its end, or until the last reader has left.</summary>
    /// <param name="settled">Called when the cluster knows its end: slots and bookings are free, and it is kept if it may be.</param>
    public void Begin(AttemptStart start, Action<ComputedAnswer> settled) => _run = Task.Run(async () =>
    {
        try
        {
            await RunAsync(start);
            await SettleAsync();
        }
        finally
        {
            settled(this);
        }
    });

    /// <summary>Completes the answer where it is: a reader has found a stop string.</summary>
    public Task StopAsync()
    {
        Log.End(StreamFinish.Stop);
        return _over.CancelAsync();
    }

    /// <summary>Goes on without this reader; without any it ends, and the last one waits for that.</summary>
    public async Task LeaveAsync(LogReader reader)
    {
        if (!reader.Leave())
        {
            return;
        }

        if (Log.IsDeserted)
        {
            await _over.CancelAsync();
        }

        await _run;
    }

    public void Dispose() => _over.Dispose();

    private async Task RunAsync(AttemptStart start)
    {
        try
        {
            _attempts.Add(await mover.OpenAsync(plan, start, _moves, _over.Token));
            (IsReplayed, IsJoined) = (Attempt.IsReplayed, Attempt.IsJoined);
            _begun.SetResult();
            await ReadAttemptsAsync();
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // the boundary to the readers: each of them throws it again, into its own request
            Log.Fail(e);
            _begun.TrySetException(e);
        }
    }

    private async Task ReadAttemptsAsync()
    {
        while (!Log.IsOver)
        {
            if (await ReadAttemptAsync() is { } failure && !Log.IsOver)
            {
                await MoveAsync(failure);
            }
        }
    }

    /// <returns>Null at the end of the answer, or why the attempt ended before it or is doubted.</returns>
    private async Task<GenerationFailure?> ReadAttemptAsync()
    {
        // what came while nobody read
        int late = Attempt.Inbox.Attend();

        // the first may hold a whole known answer, or all that was computed before this attempt joined
        bool counts = false;
        try
        {
            while (!Log.IsOver && await Attempt.Inbox.WaitAsync(_over.Token))
            {
                while (Attempt.Inbox.TryRead(out StreamDelta delta))
                {
                    if (Take(delta, counts && late <= 0) is { } failure)
                    {
                        return failure;
                    }

                    counts |= delta.TokenIds.Length > 0;
                    late -= delta.TokenIds.Length;
                }

                if (Attempt.Inbox.IsSilent)
                {
                    return GenerationFailure.WorkerLost;
                }
            }

            return null;
        }
        catch (GenerationException e)
        {
            return e.Failure;
        }
    }

    private GenerationFailure? Take(in StreamDelta delta, bool counts)
    {
        if (delta is { TokenIds.Length: 0, Finish: null })
        {
            Log.ShowLife();
            return null;
        }

        bool goesOn = delta.Finish is null;
        bool completes = delta.Finish is StreamFinish.Stop or StreamFinish.Length;
        Log.Append(completes ? delta : delta with { Finish = null }, counts);
        return goesOn || completes ? null : FailureOf(delta.Finish!.Value);
    }

    // on to another worker, or out with what the clients are to be told, unless a worker that was merely silent speaks again
    private async Task MoveAsync(GenerationFailure failure)
    {
        RunningAttempt ended = Attempt;
        var left = new LeftAttempt(ended, failure, IsDoubted: failure == GenerationFailure.WorkerLost && !ended.Inbox.HasFailed);
        Leave(left);
        if (_moves.Refuse(failure, newTokens: Log.Count - ended.Start.EmittedIds.Length) is { } refusal)
        {
            throw new GenerationException(refusal);
        }

        Task<RunningAttempt?> move = mover.MoveAsync(plan, left, Log.ToArray(), _moves, _over.Token);
        while (await Task.WhenAny(move, mover.KeepAliveDueAsync(_over.Token)) != move && !_over.IsCancellationRequested)
        {
            Log.ShowLife();
        }

        if (await move is { } next)
        {
            if (left.IsDoubted)
            {
                ended.Abandon(answered: false);
            }

            _attempts.Add(next);
        }
        else
        {
            _moves.TakeBack();
            ended.Trust();
        }
    }

    private static void Leave(LeftAttempt left)
    {
        if (left.IsDoubted)
        {
            left.Attempt.Doubt();
        }
        else
        {
            left.Attempt.Abandon(
                answered: left.Failure is not (GenerationFailure.WorkerLost or GenerationFailure.WorkerStopping or GenerationFailure.WorkerStalled));
        }
    }

    private async Task SettleAsync()
    {
        if (Log.IsComplete)
        {
            if (_over.IsCancellationRequested)
            {
                // the worker will say the same with its next message, but nobody needs to wait for that
                Attempt.Cancel();
            }

            Attempt.Settle(answered: true, plan.AnswerKey is null ? null : Log.ToResponse());
        }

        // side by side: the calls of a lost attempt may wait for a silo that is dead
        await Task.WhenAll(_attempts.Select(attempt => attempt.DisposeAsync().AsTask()));
    }

    private static GenerationFailure FailureOf(StreamFinish finish) => finish switch
    {
        StreamFinish.ModelFault => GenerationFailure.ModelFault,
        StreamFinish.RepeatedFault => GenerationFailure.RepeatedFault,
        StreamFinish.WorkerStalled => GenerationFailure.WorkerStalled,
        _ => GenerationFailure.WorkerStopping,
    };
}
