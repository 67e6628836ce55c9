using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// One try at an answer: what arrives of it, and what the cluster must be told at its end. Whatever happens, disposing it cancels what
/// still runs and gives the booking back.
/// </summary>
internal sealed partial class RunningAttempt : IAsyncDisposable
{
    private readonly GenerationPlan _plan;
    private readonly TokenHub _hub;
    private readonly ILogger _logger;
    private StartedAttempt? _started;
    private Task _cancellation = Task.CompletedTask;
    private Task _settlement = Task.CompletedTask;
    private bool _admitted;
    private bool _settled;
    private bool _isDoubted;
    private bool _hasBooking = true;
    private volatile bool _isWorkerLost;

    /// <exception cref="GenerationException">This frontend has as many streams open as it may have.</exception>
    public RunningAttempt(GenerationPlan plan, AttemptStart start, TokenHub hub, ILogger logger)
    {
        (_plan, Start, _hub, _logger) = (plan, start, hub, logger);
        Inbox = hub.Open(start, OnCut);
    }

    public AttemptStart Start { get; }

    public TokenInbox Inbox { get; }

    /// <summary>The answer was known already.</summary>
    public bool IsReplayed { get; private set; }

    /// <summary>It reads what its worker computes for another frontend.</summary>
    public bool IsJoined { get; private set; }

    public SessionRequest ToSessionRequest() => new()
    {
        RequestId = _plan.RequestId,
        StreamId = Start.StreamId,
        AttemptNumber = Start.Number,
        Model = _plan.Model.Name,
        PromptTokens = _plan.Prompt.Ids.Length + Start.EmittedIds.Length,
        MaxTokens = _plan.Order.MaxTokens,
        PrefixChain = _plan.Prompt.PrefixChain,
        AnswerKey = _plan.AnswerKey,
    };

    public void Expect(StartedAttempt started)
    {
        _started = started;
        _hub.Expect(Inbox, started.Worker);
    }

    /// <param name="joined">An equal answer is computed there already.</param>
    public void Admit(bool joined)
    {
        (_admitted, IsJoined) = (true, joined);
        _hub.Admit(Inbox);
    }

    public void Replay(CachedResponse response)
    {
        IsReplayed = true;
        Inbox.Replay(response);
    }

    /// <summary>Frees the worker's slot.</summary>
    public void Cancel() => _cancellation = _started?.CancelAsync() ?? Task.CompletedTask;

    /// <summary>Ends it before its end: nothing more is taken from its worker, and the booking goes back.</summary>
    /// <param name="answered">The worker is not to blame.</param>
    public void Abandon(bool answered)
    {
        _hub.Close(Inbox);
        Cancel();
        Settle(answered);
    }

    /// <summary>
    /// Its worker is silent: the router is told, so that it chooses another one, but the worker computes on, and is heard if it speaks.
    /// </summary>
    public void Doubt()
    {
        _isDoubted = true;
        Inbox.LeaveUnattended();
        Complete(answered: false, response: null);
    }

    /// <summary>Its worker has spoken again, and the attempt goes on.</summary>
    public void Trust() => _isDoubted = false;

    /// <summary>The worker has refused it: there is nothing to cancel, least of all an older attempt that it computes.</summary>
    public void Refuse()
    {
        _hub.Close(Inbox);
        Settle(answered: false);
    }

    /// <summary>
    /// Gives the booking back; begun as soon as the end is known and awaited when the client has everything, so that it costs the
    /// client no time.
    /// </summary>
    /// <param name="response">The whole answer, when it may be kept.</param>
    public void Settle(bool answered, CachedResponse? response = null)
    {
        if (_settled || _started is null)
        {
            return;
        }

        _settled = true;
        if (!_isDoubted || response is not null)
        {
            Complete(answered && _admitted && !_isDoubted && !_isWorkerLost, response);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _hub.Close(Inbox);
        if (!_settled)
        {
            Abandon(answered: true);
        }

        await WithoutTransportFaultsAsync(_cancellation);
        await WithoutTransportFaultsAsync(_settlement);
    }

    // on the hub's thread: the reader may be stuck in a write, and the slot should be free by then
    private void OnCut(GenerationFailure failure)
    {
        _isWorkerLost = failure == GenerationFailure.WorkerLost;
        Cancel();
    }

    private void Complete(bool answered, CachedResponse? response)
    {
        _settlement = Task.WhenAll(_settlement, _started!.CompleteAsync(answered, _hasBooking, _plan.AnswerKey, response));
        _hasBooking = false;
    }

    private async Task WithoutTransportFaultsAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            // the router corrects itself with the worker's next report
            Log.EndNotDelivered(_logger, e, _plan.RequestId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The end of request {RequestId} could not be told to the cluster")]
        public static partial void EndNotDelivered(ILogger logger, Exception exception, string requestId);
    }
}
