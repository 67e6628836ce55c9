using DeepSeekOrleans.Embedded.Serialization;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>A call whose caller still waits.</summary>
internal abstract class PendingCall
{
    private CancellationTokenRegistration _cancellation;

    public long Id { get; set; }

    /// <summary>A timestamp of the node's time provider.</summary>
    public long Deadline { get; set; }

    /// <summary>Where the message went; null while that is not known.</summary>
    public SiloAddress? Receiver { get; set; }

    /// <summary>The message that was sent, for withdrawing it and for the texts of exceptions.</summary>
    public Message? Target { get; set; }

    public string Description => $"{Target?.Method?.Interface.Name}.{Target?.Method?.Method.Name} of {Target?.Target} called by {Target?.Sender}";

    public abstract void Complete(object? result);

    /// <summary>Reads the result; <paramref name="type"/> is null for methods without one.</summary>
    public abstract void CompleteFrom(WireReader reader, WireType? type);

    public abstract void Fail(Exception exception);

    public abstract void Cancel(CancellationToken token);

    protected abstract bool HasEnded { get; }

    public void WatchCancellation(CancellationToken token, Action<PendingCall, CancellationToken> onCancelled)
    {
        _cancellation = token.UnsafeRegister((state, cancelled) => onCancelled((PendingCall)state!, cancelled), this);
        if (HasEnded)
        {
            Unwatch();
        }
    }

    /// <summary>Called by every end of the call, so that a long-lived token does not keep it.</summary>
    protected void Unwatch() => _cancellation.Unregister();
}

/// <inheritdoc/>
internal sealed class PendingCall<T> : PendingCall
{
    // Continuations must not run inside the sender of the reply: it may be another grain's turn.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    protected override bool HasEnded => Task.IsCompleted;

    public override void Complete(object? result)
    {
        Unwatch();
        _completion.TrySetResult((T)result!);
    }

    public override void CompleteFrom(WireReader reader, WireType? type)
    {
        T result = type is null ? default! : CodecTable.Get<T>().Read(reader, type.Value);
        Unwatch();
        _completion.TrySetResult(result);
    }

    public override void Fail(Exception exception)
    {
        Unwatch();
        _completion.TrySetException(exception);
    }

    public override void Cancel(CancellationToken token)
    {
        Unwatch();
        _completion.TrySetCanceled(token);
    }
}
