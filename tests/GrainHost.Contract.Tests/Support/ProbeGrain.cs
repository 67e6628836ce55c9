using Orleans.Concurrency;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Support;

/// <summary>A grain that tells about itself and waits when it is told to.</summary>
public interface IProbeGrain : IGrainWithStringKey
{
    Task<string> SiloNameAsync();

    Task<string> ActivationAsync();

    Task<string> KeyAsync();

    /// <summary>Raises "{name} entered" and waits for "{name}".</summary>
    Task WaitAsync(string name);

    [ReadOnly]
    Task WaitReadOnlyAsync(string name);

    [AlwaysInterleave]
    Task<int> InterleaveAsync();

    /// <summary>Reads, waits a little while other turns could run, and writes.</summary>
    Task IncrementAsync();

    Task<int> CountAsync();

    /// <summary>Awaits without ConfigureAwait and tells whether it is back on the activation's scheduler.</summary>
    Task<bool> ComesBackAfterAwaitAsync();

    Task DeactivateAsync();

    Task<string> CallAsync(string otherKey, int depth);
}

[PinnedPlacement]
public sealed class ProbeGrain(ILocalSiloDetails silo) : Grain, IProbeGrain
{
    private int _count;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Signal.Named($"{this.GetPrimaryKeyString()} activated").Raise(silo.Name);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Signal.Named($"{this.GetPrimaryKeyString()} deactivated").Raise(reason.ReasonCode.ToString());
        return Task.CompletedTask;
    }

    public Task<string> SiloNameAsync() => Task.FromResult(silo.Name);

    public Task<string> ActivationAsync() => Task.FromResult(GrainContext.ActivationId.ToString());

    public Task<string> KeyAsync() => Task.FromResult(this.GetPrimaryKeyString());

    public Task WaitAsync(string name)
    {
        Signal.Named($"{name} entered").Raise();
        return Signal.Named(name).Raised;
    }

    public Task WaitReadOnlyAsync(string name) => WaitAsync(name);

    public Task<int> InterleaveAsync() => Task.FromResult(_count);

    public async Task IncrementAsync()
    {
        int before = _count;
        await Task.Yield();
        await Task.Yield();
        _count = before + 1;
    }

    public Task<int> CountAsync() => Task.FromResult(_count);

    public async Task<bool> ComesBackAfterAwaitAsync()
    {
        TaskScheduler before = TaskScheduler.Current;
        await Task.Run(() => { });
        return before != TaskScheduler.Default && TaskScheduler.Current == before;
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<string> CallAsync(string otherKey, int depth) => depth == 0
        ? await SiloNameAsync()
        : await GrainFactory.GetGrain<IProbeGrain>(otherKey).CallAsync(this.GetPrimaryKeyString(), 0);
}
