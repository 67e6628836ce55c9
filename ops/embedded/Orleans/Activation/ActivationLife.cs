using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Lifecycle;
using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>How an activation begins, how long it stays, and how it ends. Runs on the activation's scheduler.</summary>
internal sealed partial class ActivationLife(GrainActivation activation, TurnQueue turns)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActivationState _state = ActivationState.Activating;
    private AsyncServiceScope? _scope;
    private DeactivationReason _reason;
    private CancellationToken _deactivationCancellation;
    private ITimer? _deactivationLimit;
    private Exception? _failure;
    private bool _isFinishing;
    private long _lastUsed;
    private long _keepUntil;

    public object? Instance { get; private set; }

    public IServiceProvider Services => _scope?.ServiceProvider ?? activation.Silo.Services;

    public Task Ended => _ended.Task;

    private SiloNode Silo => activation.Silo;

    public void Activate() => _ = ActivateAsync();

    public void Accept(Turn turn)
    {
        switch (_state)
        {
            case ActivationState.Valid when IsOverLimit(turn):
                turn.Abandon(activation, new OrleansException($"The queue of {activation.GrainId} is full: {turns.WaitingCount} calls wait."));
                break;
            case ActivationState.Valid:
                turns.Add(turn);
                break;
            case ActivationState.Ended:
                turn.Abandon(activation, _failure);
                break;
            default:
                turns.Hold(turn);
                break;
        }
    }

    public void OnTurnEnded(Turn turn)
    {
        turns.Ended(turn);
        if (turn is not TimerTick { KeepsAlive: false })
        {
            _lastUsed = Silo.Time.GetTimestamp();
        }

        if (_state == ActivationState.Valid)
        {
            turns.StartWaiting();
        }
        else if (_state == ActivationState.Deactivating && !turns.IsRunning)
        {
            _ = FinishAsync();
        }
    }

    public void Deactivate(DeactivationReason reason, CancellationToken cancellation)
    {
        if (_state is ActivationState.Deactivating or ActivationState.Ended)
        {
            return;
        }

        bool hasStarted = _state == ActivationState.Valid;
        _state = ActivationState.Deactivating;
        _reason = reason;
        _deactivationCancellation = cancellation;
        if (hasStarted && !turns.IsRunning)
        {
            _ = FinishAsync();
            return;
        }

        // Calls that never end may not hold up the end of the activation.
        TimeSpan limit = cancellation.IsCancellationRequested ? TimeSpan.Zero : activation.Collection.DeactivationTimeout;
        _deactivationLimit = Silo.Time.CreateDetachedTimer(() => activation.Post(ForceFinish), limit, Timeout.InfiniteTimeSpan);
    }

    public void Kill()
    {
        _state = ActivationState.Ended;
        activation.Timers.Dispose();
        turns.TakeWaiting();
        _ended.TrySetResult();
    }

    public void DelayDeactivation(TimeSpan period) => _keepUntil = period switch
    {
        _ when period == TimeSpan.MaxValue || period == Timeout.InfiniteTimeSpan => long.MaxValue,
        _ when period <= TimeSpan.Zero => 0,
        _ => Silo.Time.GetTimestamp() + (long)(period.TotalSeconds * Silo.Time.TimestampFrequency),
    };

    public void DeactivateIfIdle()
    {
        TimeSpan age = activation.Class.CollectionAge(activation.Collection);
        long now = Silo.Time.GetTimestamp();
        if (_state == ActivationState.Valid
            && turns.IsIdle
            && age != Timeout.InfiniteTimeSpan
            && Silo.Time.GetElapsedTime(_lastUsed, now) >= age
            && now >= _keepUntil)
        {
            Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "The grain has been idle for its collection age."), default);
        }
    }

    private static async Task DisposeInstanceAsync(object? instance)
    {
        if (instance is IAsyncDisposable asyncDisposable)
        {
            await asyncDisposable.DisposeAsync();
        }
        else if (instance is IDisposable disposable)
        {
            disposable.Dispose();
        }
    }

    private bool IsOverLimit(Turn turn) =>
        turn is Message && Silo.MaxEnqueuedRequests > 0 && turns.WaitingCount >= Silo.MaxEnqueuedRequests;

    private async Task ActivateAsync()
    {
        try
        {
            GrainAddress registered = await Silo.Directory.RegisterAsync(activation.Address);
            if (!registered.Equals(activation.Address))
            {
                // Another silo was faster: the calls go there.
                End(null);
                return;
            }

            _scope = Silo.Services.CreateAsyncScope();
            Instance = ActivatorUtilities.CreateInstance(Services, activation.Class.Type);
            using var timeout = new CancellationTokenSource(activation.Collection.ActivationTimeout, Silo.Time);
            await ((IGrainBase)Instance).OnActivateAsync(timeout.Token);
            OnActivated();
        }
        catch (Exception failure)
        {
            await AbortActivationAsync(failure);
        }
    }

    private void OnActivated()
    {
        _lastUsed = Silo.Time.GetTimestamp();
        if (_state == ActivationState.Deactivating)
        {
            _ = FinishAsync();
        }
        else if (_state == ActivationState.Activating)
        {
            _state = ActivationState.Valid;
            turns.StartWaiting();
        }
    }

    private async Task AbortActivationAsync(Exception failure)
    {
        Log.ActivationFailed(Silo.Logger, activation.GrainId, failure);
        activation.Timers.Dispose();
        await Silo.Directory.UnregisterAsync(activation.Address);
        await DisposeAllAsync();
        End(failure);
    }

    private void ForceFinish()
    {
        if (_state == ActivationState.Deactivating)
        {
            _ = FinishAsync();
        }
    }

    private async Task FinishAsync()
    {
        if (_isFinishing)
        {
            return;
        }

        _isFinishing = true;
        _deactivationLimit?.Dispose();
        activation.Timers.Dispose();
        await activation.Enumerators.DisposeAsync();
        await TellGrainAsync();
        await Silo.Directory.UnregisterAsync(activation.Address);
        await DisposeAllAsync();
        End(null);
    }

    private async Task TellGrainAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(activation.Collection.DeactivationTimeout, Silo.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _deactivationCancellation);
            if (Instance is IGrainBase grain)
            {
                await grain.OnDeactivateAsync(_reason, either.Token).WaitAsync(activation.Collection.DeactivationTimeout, Silo.Time);
            }
        }
        catch (Exception failure)
        {
            // The grain's own failure must not keep its activation alive.
            Log.DeactivationFailed(Silo.Logger, activation.GrainId, failure);
        }
    }

    private async Task DisposeAllAsync()
    {
        try
        {
            await DisposeInstanceAsync(Instance);
            if (_scope is { } scope)
            {
                await scope.DisposeAsync();
            }
        }
        catch (Exception failure)
        {
            Log.DeactivationFailed(Silo.Logger, activation.GrainId, failure);
        }
    }

    private void End(Exception? reason)
    {
        // Calls that were on their way while the activation failed fail like those that waited for it.
        _failure = reason;
        _state = ActivationState.Ended;
        Silo.Catalog.Remove(activation);
        foreach (Turn turn in turns.TakeWaiting())
        {
            turn.Abandon(activation, reason);
        }

        _ended.TrySetResult();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The activation of {Grain} failed")]
        public static partial void ActivationFailed(ILogger logger, GrainId grain, Exception exception);

        [LoggerMessage(2, LogLevel.Warning, "The deactivation of {Grain} failed")]
        public static partial void DeactivationFailed(ILogger logger, GrainId grain, Exception exception);
    }
}
