using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Lifecycle;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>The calls that wait on one silo or client. Each ends once: by its reply, its deadline, a cancellation or a silo's death.</summary>
internal sealed class CallTable : IDisposable
{
    // A call may outlive its deadline by this much; finer would cost more than it gives.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<long, PendingCall> _calls = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastId;

    public CallTable(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateDetachedTimer(EndOverdue, CheckInterval, CheckInterval);
    }

    /// <summary>Told of every call that ran into its deadline.</summary>
    public Action<PendingCall>? TimedOut { get; set; }

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(PendingCall call, TimeSpan timeout)
    {
        call.Deadline = timeout == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);
        _calls[call.Id] = call;
    }

    /// <summary>Whoever removes a call, and nobody else, ends it.</summary>
    public PendingCall? Remove(long id) => _calls.TryRemove(id, out PendingCall? call) ? call : null;

    /// <summary>Ends all calls whose receiver is gone, or all calls when <paramref name="receiver"/> is null.</summary>
    public void Break(SiloAddress? receiver, Func<PendingCall, Exception> reason)
    {
        foreach (PendingCall call in _calls.Values)
        {
            if ((receiver is null || receiver.Equals(call.Receiver)) && Remove(call.Id) is { } broken)
            {
                broken.Fail(reason(broken));
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void EndOverdue()
    {
        long now = _time.GetTimestamp();
        foreach (PendingCall call in _calls.Values)
        {
            if (call.Deadline <= now && Remove(call.Id) is { } overdue)
            {
                overdue.Fail(new TimeoutException($"Response did not arrive on time for {overdue.Description}"));
                TimedOut?.Invoke(overdue);
            }
        }
    }
}
