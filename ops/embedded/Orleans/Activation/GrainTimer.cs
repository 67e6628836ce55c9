using DeepSeekOrleans.Embedded.Lifecycle;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>A timer of a grain. The period counts from the end of a callback, so that ticks never pile up.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly GrainActivation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _disposal = new();
    private readonly ITimer _timer;
    private TimeSpan _period;
    private bool _wasChanged;

    public GrainTimer(GrainActivation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _callback = callback;
        _options = options;
        _period = options.Period;
        _timer = activation.Silo.Time.CreateDetachedTimer(Fire, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // Started only now: the first tick may come before the constructor's next line.
        _timer.Change(options.DueTime, Timeout.InfiniteTimeSpan);
    }

    public GrainTimerCreationOptions Options => _options;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, this);
        _wasChanged = true;
        _period = period;
        _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _disposal.Cancel();
        _timer.Dispose();
        _activation.Timers.Remove(this);
    }

    public async Task TickAsync()
    {
        if (_disposal.IsCancellationRequested)
        {
            return;
        }

        _wasChanged = false;
        try
        {
            await _callback(_disposal.Token);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_disposal.IsCancellationRequested)
        {
            GrainTimerTable.LogFailure(_activation, failure);
        }
        catch (OperationCanceledException)
        {
            // The timer was disposed while its callback ran, and the callback has obeyed.
        }

        if (!_disposal.IsCancellationRequested && !_wasChanged && _period != Timeout.InfiniteTimeSpan)
        {
            _timer.Change(_period, Timeout.InfiniteTimeSpan);
        }
    }

    private void Fire() => _activation.Post(new TimerTick(this));
}

/// <summary>One callback of a timer as a turn.</summary>
internal sealed class TimerTick(GrainTimer timer) : Turn
{
    public override bool AlwaysInterleaves => timer.Options.Interleave;

    public override bool IsReadOnly => false;

    public bool KeepsAlive => timer.Options.KeepAlive;

    public override async Task RunAsync(GrainActivation activation)
    {
        await timer.TickAsync();
        activation.OnTurnEnded(this);
    }

    public override void Abandon(GrainActivation activation, Exception? reason)
    {
        // Timers end with their activation.
    }
}

/// <summary>The timers of one activation.</summary>
internal sealed partial class GrainTimerTable(GrainActivation activation) : IDisposable
{
    private readonly List<GrainTimer> _timers = [];

    public static void LogFailure(GrainActivation activation, Exception failure) =>
        Log.CallbackFailed(activation.Silo.Logger, activation.GrainId, failure);

    public GrainTimer Add(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(activation, callback, options);
        lock (_timers)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Remove(GrainTimer timer)
    {
        lock (_timers)
        {
            _timers.Remove(timer);
        }
    }

    public void Dispose()
    {
        GrainTimer[] timers;
        lock (_timers)
        {
            timers = [.. _timers];
        }

        foreach (GrainTimer timer in timers)
        {
            timer.Dispose();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A timer callback of {Grain} failed")]
        public static partial void CallbackFailed(ILogger logger, GrainId grain, Exception exception);
    }
}
