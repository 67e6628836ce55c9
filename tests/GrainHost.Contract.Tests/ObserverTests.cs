using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Orleans.Concurrency;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

/// <remarks>The official runtime promises no order of one-way messages, and has been seen to change it.</remarks>
[Collection(SharedCluster.Name)]
public sealed class ObserverTests(TwoSilos silos)
{
    [Fact]
    public async Task Observer_CalledByAGrain_GetsTheMessage()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);

        await silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(0)).TellAsync(reference, 1);

        Assert.Equal([0], await observer.WaitForAsync(1));
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Observer_CalledOneWayManyTimes_GetsAll()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);

        await silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(1)).TellAsync(reference, 1000);

        Assert.Equal(Enumerable.Range(0, 1000), (await observer.WaitForAsync(1000)).Order());
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Observer_CalledFromAPlainThread_GetsTheMessage()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);
        ITellerGrain grain = silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(0));

        await grain.TellFromThreadAsync(reference, 50);

        Assert.Equal(Enumerable.Range(0, 50), (await observer.WaitForAsync(50)).Order());
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Observer_OfASilo_IsReachedFromTheOtherSilo()
    {
        var observer = new Recorder();
        var factory = (IGrainFactory)silos.Cluster.Silos[0].ServiceProvider.GetService(typeof(IGrainFactory))!;
        IRecorder reference = factory.CreateObjectReference<IRecorder>(observer);

        await factory.GetGrain<ITellerGrain>(silos.NewKeyOn(1)).TellAsync(reference, 3);

        Assert.Equal([0, 1, 2], (await observer.WaitForAsync(3)).Order());
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Observer_WithResult_AnswersTheGrain()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);

        int answer = await silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(0)).AskAsync(reference, 20);

        Assert.Equal(21, answer);
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Observer_Deleted_GetsNoMore()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);
        silos.Client.DeleteObjectReference<IRecorder>(reference);

        await Assert.ThrowsAnyAsync<Exception>(
            () => silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(0)).AskAsync(reference, 1));

        Assert.Equal(0, observer.Asked);
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Observer_SameReferenceInTwoCalls_IsEqualInTheGrain()
    {
        var observer = new Recorder();
        IRecorder reference = silos.Client.CreateObjectReference<IRecorder>(observer);
        ITellerGrain grain = silos.Client.GetGrain<ITellerGrain>(silos.NewKeyOn(1));

        Assert.Equal(1, await grain.RegisterAsync(reference));
        Assert.Equal(1, await grain.RegisterAsync(reference));
        GC.KeepAlive(observer);
    }
}

public interface IRecorder : IGrainObserver
{
    [OneWay]
    Task OnNumberAsync(int number);

    [ResponseTimeout("00:00:02")]
    Task<int> AskAsync(int number);
}

public interface ITellerGrain : IGrainWithStringKey
{
    Task TellAsync(IRecorder recorder, int count);

    Task TellFromThreadAsync(IRecorder recorder, int count);

    Task<int> AskAsync(IRecorder recorder, int number);

    /// <returns>How many different observers the grain knows now.</returns>
    Task<int> RegisterAsync(IRecorder recorder);
}

[PinnedPlacement]
public sealed class TellerGrain : Grain, ITellerGrain
{
    private readonly HashSet<IRecorder> _recorders = [];

    public async Task TellAsync(IRecorder recorder, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await recorder.OnNumberAsync(i);
        }
    }

    public async Task TellFromThreadAsync(IRecorder recorder, int count)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            for (int i = 0; i < count; i++)
            {
                _ = recorder.OnNumberAsync(i);
            }

            told.SetResult();
        }).Start();
        await told.Task;
    }

    public Task<int> AskAsync(IRecorder recorder, int number) => recorder.AskAsync(number);

    public Task<int> RegisterAsync(IRecorder recorder)
    {
        _recorders.Add(recorder);
        return Task.FromResult(_recorders.Count);
    }
}

internal sealed class Recorder : IRecorder
{
    private readonly List<int> _numbers = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _expected = int.MaxValue;

    public int Asked { get; private set; }

    public Task OnNumberAsync(int number)
    {
        lock (_numbers)
        {
            _numbers.Add(number);
            CompleteWhenEnough();
        }

        return Task.CompletedTask;
    }

    public Task<int> AskAsync(int number)
    {
        Asked++;
        return Task.FromResult(number + 1);
    }

    public async Task<IReadOnlyList<int>> WaitForAsync(int count)
    {
        lock (_numbers)
        {
            _expected = count;
            CompleteWhenEnough();
        }

        try
        {
            await _complete.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{_numbers.Count} of {count} messages came");
        }

        lock (_numbers)
        {
            return [.. _numbers];
        }
    }

    private void CompleteWhenEnough()
    {
        if (_numbers.Count >= _expected)
        {
            _complete.TrySetResult();
        }
    }
}
