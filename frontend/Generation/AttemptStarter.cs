using System.Diagnostics;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>Takes a plan to a worker: dispatch by the session grain, start at the worker, and again elsewhere when it refuses.</summary>
internal sealed partial class AttemptStarter(
    IGrainFactory grains, TokenHub hub, FrontendEar ear, IOptions<StreamOptions> options, TimeProvider time, ILogger<AttemptStarter> logger)
{
    private readonly StreamOptions _options = options.Value;

    /// <returns>An attempt that a worker computes, or that holds the known answer.</returns>
    /// <exception cref="GenerationException">No worker takes the request now.</exception>
    /// <exception cref="RequestRejected">No worker will ever take it.</exception>
    public async Task<RunningAttempt> StartAsync(GenerationPlan plan, AttemptStart start, CancellationToken cancellationToken)
    {
        ISessionGrain session = grains.GetGrain<ISessionGrain>($"{plan.Order.Tenant}/{plan.Session}");
        StartReply? reply = null;
        for (int tries = 0; tries < _options.MaxStarts; tries++, start = start.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var attempt = new RunningAttempt(plan, start, hub, logger);
            try
            {
                reply = await StartAsync(attempt, session, plan);
            }
            catch
            {
                await attempt.DisposeAsync();
                throw;
            }

            if (attempt.IsReplayed || reply is StartReply.Admitted or StartReply.Joined)
            {
                return attempt;
            }

            if (reply is null)
            {
                attempt.Abandon(answered: false);
            }
            else
            {
                attempt.Refuse();
            }

            await attempt.DisposeAsync();
        }

        GenerationFailure failure = reply switch
        {
            null => GenerationFailure.Unanswered,
            StartReply.Full => GenerationFailure.Busy,
            _ => GenerationFailure.NoWorker,
        };
        throw new GenerationException(failure, _options.RetryAfter);
    }

    /// <returns>The worker's reply; null when it gave none, or was not asked because the answer was known.</returns>
    private async Task<StartReply?> StartAsync(RunningAttempt attempt, ISessionGrain session, GenerationPlan plan)
    {
        Dispatch dispatch = await BeginAsync(session, attempt);
        switch (dispatch.Kind)
        {
            case DispatchKind.Run or DispatchKind.Follow:
                IGpuWorkerGrain worker = grains.GetGrain<IGpuWorkerGrain>(dispatch.Worker.ToString());
                return await StartAsync(attempt, new StartedAttempt(session, worker, plan.Model.Name, dispatch), plan);
            case DispatchKind.Cached:
                attempt.Replay(dispatch.Response!);
                return null;
            case DispatchKind.Busy:
                throw new GenerationException(GenerationFailure.Busy, RetryAfter(dispatch));
            case DispatchKind.NoWorker:
                throw new GenerationException(GenerationFailure.NoWorker, RetryAfter(dispatch));
            default:
                throw new UnreachableException();
        }
    }

    private async Task<StartReply?> StartAsync(RunningAttempt attempt, StartedAttempt started, GenerationPlan plan)
    {
        attempt.Expect(started);
        GenerationOrder order = plan.Order with { EmittedIds = attempt.Start.EmittedIds, Breaks = attempt.Start.Breaks };
        StartReply? reply = await AskAsync(started, order, attempt.Start);
        switch (reply)
        {
            case StartReply.Admitted or StartReply.Joined:
                attempt.Admit(joined: reply == StartReply.Joined);
                break;
            case null:
                break;
            case StartReply.NeverFits:
                throw RequestRejected.ContextExceeded(
                    plan.Prompt.Parameter, plan.Prompt.Ids.Length, plan.Order.MaxTokens, plan.Model.ContextLength);
            default:
                Log.StartRefused(logger, plan.RequestId, started.Worker, reply.Value);
                break;
        }

        return reply;
    }

    // another worker is asked, or the same one in another way
    private async Task<StartReply?> AskAsync(StartedAttempt started, GenerationOrder order, AttemptStart start)
    {
        try
        {
            return await InTimeAsync(started.StartAsync(order, ear.Reference), start);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.WorkerUnreachable(logger, e, started.Worker);
            return null;
        }
    }

    private async Task<Dispatch> BeginAsync(ISessionGrain session, RunningAttempt attempt)
    {
        SessionRequest request = attempt.ToSessionRequest();
        try
        {
            return await InTimeAsync(session.BeginAsync(request), attempt.Start);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.ClusterUnreachable(logger, e, request.RequestId);
            throw new GenerationException(GenerationFailure.Unanswered, _options.RetryAfter);
        }
    }

    // a call to a silo that has just died, or through one, is answered by nobody; a client does not wait for the call's own limit
    private Task<T> InTimeAsync<T>(Task<T> call, AttemptStart start)
    {
        TimeSpan limit = start.EmittedIds.Length > 0 ? _options.MoveCallTimeout : _options.OpenCallTimeout;
        return call.WaitAsync(limit * (1 + start.Retries), time);
    }

    private TimeSpan RetryAfter(Dispatch dispatch) => dispatch.RetryAfter > TimeSpan.Zero ? dispatch.RetryAfter : _options.RetryAfter;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Request {RequestId} was refused by worker {Worker}: {Reply}")]
        public static partial void StartRefused(ILogger logger, string requestId, WorkerKey worker, StartReply reply);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} could not be reached")]
        public static partial void WorkerUnreachable(ILogger logger, Exception exception, WorkerKey worker);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Request {RequestId} could not be dispatched")]
        public static partial void ClusterUnreachable(ILogger logger, Exception exception, string requestId);
    }
}
