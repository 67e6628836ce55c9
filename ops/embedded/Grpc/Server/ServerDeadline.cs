namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>When a call's time is up: ends the response if nobody else has, tells the service by its token, then tells the client.</summary>
internal sealed class ServerDeadline : IAsyncDisposable
{
    /// <summary>The longest wait of a timer; what a client asks beyond it (49 days) is waited for in several.</summary>
    private static readonly TimeSpan MaxTimerWait = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly TimeProvider _time;
    private readonly Func<bool> _tryEnd;
    private readonly Func<Task> _answer;
    private readonly CancellationTokenSource _cancellation;
    private readonly ITimer _timer;
    private Task _expiry = Task.CompletedTask;

    public ServerDeadline(TimeProvider time, TimeSpan timeout, Func<bool> tryEnd, Func<Task> answer, CancellationToken requestAborted)
    {
        _time = time;
        _tryEnd = tryEnd;
        _answer = answer;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(requestAborted);
        At = time.GetUtcNow() + timeout;
        _timer = time.CreateTimer(static self => ((ServerDeadline)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Arm();
    }

    public DateTimeOffset At { get; }

    public CancellationToken Token => _cancellation.Token;

    /// <summary>Waits for an expiry under way, because it still uses the request.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _expiry.ConfigureAwait(false);
        _cancellation.Dispose();
    }

    private void Arm()
    {
        TimeSpan left = At - _time.GetUtcNow();
        TimeSpan wait = left < TimeSpan.Zero ? TimeSpan.Zero : left;
        _timer.Change(wait > MaxTimerWait ? MaxTimerWait : wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        if (_time.GetUtcNow() < At)
        {
            Arm();
            return;
        }

        _expiry = ExpireAsync();
    }

    private async Task ExpireAsync()
    {
        if (!_tryEnd())
        {
            return;
        }

        try
        {
            // First, because the answer may have to wait for a client that reads slowly.
            await _cancellation.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            await _answer().ConfigureAwait(false);
        }
    }
}
