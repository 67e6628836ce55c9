using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>The point in time at which a call ends by itself.</summary>
internal sealed class CallDeadline : IDisposable
{
    public static readonly Status Exceeded = new(StatusCode.DeadlineExceeded, "");

    /// <summary>The longest wait of a timer, 49 days; a later deadline is left to the server.</summary>
    private static readonly TimeSpan MaxTimerWait = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly TimeProvider _time;
    private readonly DateTime? _at;
    private readonly CancellationTokenSource? _expiry;

    public CallDeadline(DateTime? at, TimeProvider time)
    {
        if (at is { Kind: not DateTimeKind.Utc } local && local != DateTime.MaxValue && local != DateTime.MinValue)
        {
            throw new InvalidOperationException("Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue.");
        }

        _time = time;
        _at = at == DateTime.MaxValue ? null : at;
        if (Left is { } left && left <= MaxTimerWait)
        {
            _expiry = new CancellationTokenSource(left, time);
            Token = _expiry.Token;
        }
    }

    public CancellationToken Token { get; }

    /// <summary>True also when the timer has fired a little before the clock agrees.</summary>
    public bool HasPassed => Left == TimeSpan.Zero || Token.IsCancellationRequested;

    /// <summary>Never negative; null without a deadline.</summary>
    public TimeSpan? Left
    {
        get
        {
            TimeSpan? left = _at - _time.GetUtcNow().UtcDateTime;
            return left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }

    public void Dispose() => _expiry?.Dispose();
}
