using Grpc.Core;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>Events in the service that a test awaits; armed before the call that causes them.</summary>
internal sealed class Observations
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource<ServerCallContext> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Start(ServerCallContext call) => _started.TrySetResult(call);

    public void Cancel(string method) => _cancelled.TrySetResult(method);

    /// <summary>Lets a stalled call go on.</summary>
    public void Release() => _released.TrySetResult();

    public Task ReleasedAsync() => _released.Task;

    /// <summary>The first call that waits or counts without end.</summary>
    public Task<ServerCallContext> StartedAsync() => AwaitAsync(_started.Task);

    /// <summary>The method of the first waiting or endless call that was cancelled.</summary>
    public Task<string> CancelledAsync() => AwaitAsync(_cancelled.Task);

    private async Task<T> AwaitAsync<T>(Task<T> observed)
    {
        try
        {
            return await observed.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(
                $"not observed within {Patience}: started {_started.Task.Status}, cancelled {_cancelled.Task.Status}");
        }
    }
}
