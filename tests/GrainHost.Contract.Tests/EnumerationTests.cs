using System.Runtime.CompilerServices;
using DeepSeekOrleans.GrainHost.Contract.Tests.Support;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

[Collection(SharedCluster.Name)]
public sealed class EnumerationTests(TwoSilos silos)
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 1000)]
    public async Task Enumerate_ToTheEnd_GivesAllItemsInOrder(int silo, int count)
    {
        List<int> items = [];
        await foreach (int item in NewGrain(silo).CountAsync(silos.NewKey(), count, yields: false, CancellationToken.None))
        {
            items.Add(item);
        }

        Assert.Equal(Enumerable.Range(0, count), items);
    }

    [Fact]
    public async Task Enumerate_ProducerThatAwaits_GivesAllItemsInOrder()
    {
        List<int> items = [];
        await foreach (int item in NewGrain(1).CountAsync(silos.NewKey(), 50, yields: true, CancellationToken.None).WithBatchSize(3))
        {
            items.Add(item);
        }

        Assert.Equal(Enumerable.Range(0, 50), items);
    }

    [Fact]
    public async Task Enumerate_FromAGrainOfTheOtherSilo_GivesAllItems()
    {
        Assert.Equal(45, await NewGrain(0).SumOfOtherAsync(silos.NewKeyOn(1), 10));
    }

    [Fact]
    public async Task Break_EndsTheProducer()
    {
        string name = silos.NewKey();
        await foreach (int item in NewGrain(1).CountAsync(name, int.MaxValue, yields: true, CancellationToken.None))
        {
            if (item == 2)
            {
                break;
            }
        }

        await Signal.Named($"{name} ended").WaitAsync();
    }

    [Fact]
    public async Task Cancel_EndsReaderAndProducer()
    {
        string name = silos.NewKey();
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (int item in NewGrain(1).CountAsync(name, int.MaxValue, yields: true, cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });

        await Signal.Named($"{name} ended").WaitAsync();
    }

    [Fact]
    public async Task Producer_ThatThrows_FailsTheReaderAfterTheItems()
    {
        List<int> items = [];

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (int item in NewGrain(1).FailAfterAsync(3))
            {
                items.Add(item);
            }
        });

        Assert.Equal([0, 1, 2], items);
    }

    [Fact]
    public async Task Enumerate_OneGrain_LetsOtherCallsRunBetween()
    {
        ICountingGrain grain = NewGrain(0);
        string name = silos.NewKey();
        await using IAsyncEnumerator<int> items = grain.WaitBetweenAsync(name).GetAsyncEnumerator();
        await items.MoveNextAsync();
        ValueTask<bool> next = items.MoveNextAsync();

        await grain.PingAsync();
        Signal.Named(name).Raise();

        Assert.True(await next);
    }

    [Fact]
    public async Task Deactivation_OfTheGrain_AbortsTheEnumeration()
    {
        string key = silos.NewKeyOn(1);
        ICountingGrain grain = silos.Client.GetGrain<ICountingGrain>(key);
        await using IAsyncEnumerator<int> items = grain.CountAsync(silos.NewKey(), int.MaxValue, yields: true, CancellationToken.None)
            .WithBatchSize(1).GetAsyncEnumerator();
        await items.MoveNextAsync();
        Signal deactivated = Signal.Named($"{key} deactivated");

        await grain.EndAsync();
        await deactivated.WaitAsync();

        await Assert.ThrowsAsync<EnumerationAbortedException>(async () =>
        {
            while (await items.MoveNextAsync())
            {
            }
        });
    }

    private ICountingGrain NewGrain(int silo) => silos.Client.GetGrain<ICountingGrain>(silos.NewKeyOn(silo));
}

public interface ICountingGrain : IGrainWithStringKey
{
    /// <summary>Raises "{name} ended" when the producer is over, however it ends.</summary>
    IAsyncEnumerable<int> CountAsync(string name, int count, bool yields, CancellationToken cancellationToken);

    IAsyncEnumerable<int> FailAfterAsync(int count);

    /// <summary>Waits for "{name}" between its two items.</summary>
    IAsyncEnumerable<int> WaitBetweenAsync(string name);

    Task<int> SumOfOtherAsync(string otherKey, int count);

    Task PingAsync();

    Task EndAsync();
}

[PinnedPlacement]
public sealed class CountingGrain : Grain, ICountingGrain
{
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Signal.Named($"{this.GetPrimaryKeyString()} deactivated").Raise();
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<int> CountAsync(
        string name,
        int count,
        bool yields,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; i < count; i++)
            {
                if (yields)
                {
                    await Task.Yield();
                }

                cancellationToken.ThrowIfCancellationRequested();
                yield return i;
            }
        }
        finally
        {
            Signal.Named($"{name} ended").Raise();
        }
    }

    public async IAsyncEnumerable<int> FailAfterAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return i;
        }

        await Task.Yield();
        throw new InvalidOperationException("the producer failed");
    }

    public async IAsyncEnumerable<int> WaitBetweenAsync(string name)
    {
        yield return 0;
        await Signal.Named(name).Raised;
        yield return 1;
    }

    public async Task<int> SumOfOtherAsync(string otherKey, int count)
    {
        int sum = 0;
        ICountingGrain other = GrainFactory.GetGrain<ICountingGrain>(otherKey);
        await foreach (int item in other.CountAsync(otherKey, count, yields: false, CancellationToken.None))
        {
            sum += item;
        }

        return sum;
    }

    public Task PingAsync() => Task.CompletedTask;

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
