using System.Runtime.CompilerServices;
using Orleans.Concurrency;
using Orleans.Placement;

namespace DeepSeekOrleans.GrainHost.Contract.SiloProcess;

/// <summary>Told things by a grain.</summary>
public interface IPlaceObserver : IGrainObserver
{
    Task OnToldAsync(int number);
}

/// <summary>A grain that tells where it is and calls others; it may live on any silo.</summary>
public interface IPlaceGrain : IGrainWithStringKey
{
    Task<string> SiloNameAsync();

    [AlwaysInterleave]
    Task<bool> IsHangingAsync();

    Task<string> ActivationAsync();

    Task<int> ProcessIdAsync();

    /// <summary>Ends only with its token.</summary>
    Task HangAsync(CancellationToken cancellationToken);

    Task<string> ActivationOfAsync(string otherKey);

    /// <summary>Asks another grain to hang and tells how that ended.</summary>
    Task<string> HangOnAsync(string otherKey);

    Task TellAsync(IPlaceObserver observer, int count);

    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken);
}

// by default the official runtime goes by the load of the silos, and may prefer one of them for all grains
[RandomPlacement]
public sealed class PlaceGrain(ILocalSiloDetails silo) : Grain, IPlaceGrain
{
    private bool _isHanging;

    public Task<string> SiloNameAsync() => Task.FromResult(silo.Name);

    public Task<bool> IsHangingAsync() => Task.FromResult(_isHanging);

    public Task<string> ActivationAsync() => Task.FromResult($"{silo.Name} {GrainContext.ActivationId}");

    public Task<int> ProcessIdAsync() => Task.FromResult(Environment.ProcessId);

    public Task HangAsync(CancellationToken cancellationToken)
    {
        _isHanging = true;
        return Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }

    public Task<string> ActivationOfAsync(string otherKey) => GrainFactory.GetGrain<IPlaceGrain>(otherKey).ActivationAsync();

    public async Task<string> HangOnAsync(string otherKey)
    {
        try
        {
            await GrainFactory.GetGrain<IPlaceGrain>(otherKey).HangAsync(CancellationToken.None);
            return "ended";
        }
        catch (Exception failure)
        {
            return failure.GetType().Name;
        }
    }

    public async Task TellAsync(IPlaceObserver observer, int count)
    {
        for (int number = 0; number < count; number++)
        {
            await observer.OnToldAsync(number);
        }
    }

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int number = 0; number < count; number++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return number;
        }
    }
}
