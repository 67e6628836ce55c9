using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Orleans.Concurrency;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

[Collection(SharedCluster.Name)]
public sealed class TurnTests(TwoSilos silos)
{
    [Fact]
    public async Task Calls_ToOneGrain_RunOneAfterTheOther()
    {
        IProbeGrain grain = silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(0));

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => grain.IncrementAsync()));

        Assert.Equal(200, await grain.CountAsync());
    }

    [Fact]
    public async Task Call_WhileAnotherWaits_WaitsToo()
    {
        IProbeGrain grain = silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(0));
        string name = silos.NewKey();
        Task waiting = grain.WaitAsync(name);
        await Signal.Named($"{name} entered").WaitAsync();

        Task<int> second = grain.CountAsync();
        await grain.InterleaveAsync();
        bool ranMeanwhile = second.IsCompleted;
        Signal.Named(name).Raise();
        await waiting;
        await second;

        Assert.False(ranMeanwhile);
    }

    [Fact]
    public async Task AlwaysInterleave_WhileAnotherCallWaits_Runs()
    {
        IProbeGrain grain = silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(1));
        string name = silos.NewKey();
        Task waiting = grain.WaitAsync(name);
        await Signal.Named($"{name} entered").WaitAsync();

        int count = await grain.InterleaveAsync();
        Signal.Named(name).Raise();
        await waiting;

        Assert.Equal(0, count);
    }

    [Fact]
    public async Task ReadOnly_BesideAnotherReadOnly_Runs()
    {
        IProbeGrain grain = silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(0));
        (string first, string second) = (silos.NewKey(), silos.NewKey());

        Task one = grain.WaitReadOnlyAsync(first);
        await Signal.Named($"{first} entered").WaitAsync();
        Task two = grain.WaitReadOnlyAsync(second);
        await Signal.Named($"{second} entered").WaitAsync();

        Signal.Named(first).Raise();
        Signal.Named(second).Raise();
        await Task.WhenAll(one, two);
    }

    [Fact]
    public async Task Reentrant_WhileACallWaits_RunsOthers()
    {
        IReentrantGrain grain = silos.Client.GetGrain<IReentrantGrain>(silos.NewKey());
        string name = silos.NewKey();
        Task waiting = grain.WaitAsync(name);
        await Signal.Named($"{name} entered").WaitAsync();

        await grain.PingAsync();
        Signal.Named(name).Raise();

        await waiting;
    }

    [Fact]
    public async Task Await_InsideAGrain_ComesBackToItsScheduler()
    {
        Assert.True(await silos.Client.GetGrain<IProbeGrain>(silos.NewKeyOn(0)).ComesBackAfterAwaitAsync());
    }

    [Fact]
    public async Task Call_FromGrainToGrainOfTheOtherSilo_Answers()
    {
        (string near, string far) = (silos.NewKeyOn(0), silos.NewKeyOn(1));

        Assert.Equal("Silo_1", await silos.Client.GetGrain<IProbeGrain>(near).CallAsync(far, 1));
    }

    [Fact]
    public async Task OneWay_ManyCalls_AllArrive()
    {
        string key = silos.NewKeyOn(1);
        ISequenceGrain grain = silos.Client.GetGrain<ISequenceGrain>(key);
        Signal complete = Signal.Named($"{key} complete");
        for (int i = 0; i < 500; i++)
        {
            await grain.AddAsync(i, 500);
        }

        // The official runtime promises no order for calls that are not awaited to their end.
        await complete.WaitAsync();
        Assert.Equal(Enumerable.Range(0, 500), (await grain.SeenAsync()).Order());
    }

    [Fact]
    public async Task OneWay_MethodThatThrows_TellsTheCallerNothing()
    {
        ISequenceGrain grain = silos.Client.GetGrain<ISequenceGrain>(silos.NewKeyOn(0));

        await grain.FailAsync();

        Assert.Empty(await grain.SeenAsync());
    }
}

public interface IReentrantGrain : IGrainWithStringKey
{
    Task WaitAsync(string name);

    Task PingAsync();
}

[Reentrant]
public sealed class ReentrantGrain : Grain, IReentrantGrain
{
    public Task WaitAsync(string name)
    {
        Signal.Named($"{name} entered").Raise();
        return Signal.Named(name).Raised;
    }

    public Task PingAsync() => Task.CompletedTask;
}

public interface ISequenceGrain : IGrainWithStringKey
{
    [OneWay]
    Task AddAsync(int number, int expected);

    [OneWay]
    Task FailAsync();

    Task<List<int>> SeenAsync();
}

[PinnedPlacement]
public sealed class SequenceGrain : Grain, ISequenceGrain
{
    private readonly List<int> _seen = [];

    public Task AddAsync(int number, int expected)
    {
        _seen.Add(number);
        if (_seen.Count == expected)
        {
            Signal.Named($"{this.GetPrimaryKeyString()} complete").Raise();
        }

        return Task.CompletedTask;
    }

    public Task FailAsync() => throw new InvalidOperationException("nobody hears this");

    public Task<List<int>> SeenAsync() => Task.FromResult(_seen);
}
