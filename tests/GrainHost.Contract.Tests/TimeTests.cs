using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

/// <summary>Timers, on a clock that the test turns.</summary>
public sealed class TimeTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly InProcessTestCluster _cluster;

    public TimeTests()
    {
        InProcessTestClusterBuilder builder = TwoSilos.NewBuilder(1);
        builder.ConfigureSiloHost((_, host) => host.Services.AddSingleton<TimeProvider>(_time));
        _cluster = builder.Build();
    }

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Timer_Periodic_TicksUntilDisposed()
    {
        ITickingGrain grain = _cluster.Client.GetGrain<ITickingGrain>("periodic");
        await grain.StartAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));

        await AdvanceUntilAsync(TimeSpan.FromSeconds(10), async () => await grain.TicksAsync() >= 3);
        await grain.StopAsync();
        int stopped = await grain.TicksAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(stopped, await grain.TicksAsync());
    }

    [Fact]
    public async Task Timer_WithoutPeriod_TicksOnce()
    {
        ITickingGrain grain = _cluster.Client.GetGrain<ITickingGrain>("once");
        await grain.StartAsync(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);

        await AdvanceUntilAsync(TimeSpan.FromSeconds(10), async () => await grain.TicksAsync() > 0);
        await AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(1, await grain.TicksAsync());
    }

    /// <summary>Turns the clock step by step; each step is followed by a call, so that due work gets its turn.</summary>
    private async Task AdvanceUntilAsync(TimeSpan step, Func<Task<bool>> isReached)
    {
        for (int i = 0; i < 400; i++)
        {
            if (await isReached())
            {
                return;
            }

            await AdvanceAsync(step);
        }

        throw new TimeoutException($"not reached within 400 steps of {step}");
    }

    private async Task AdvanceAsync(TimeSpan step)
    {
        _time.Advance(step);
        await _cluster.Client.GetGrain<IProbeGrain>("Silo_0/pace").CountAsync();
    }
}

public interface ITickingGrain : IGrainWithStringKey
{
    Task StartAsync(TimeSpan dueTime, TimeSpan period);

    Task StopAsync();

    Task<int> TicksAsync();
}

[KeepAlive]
public sealed class TickingGrain : Grain, ITickingGrain
{
    private IGrainTimer? _timer;
    private int _ticks;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Signal.Named($"{this.GetPrimaryKeyString()} deactivated").Raise();
        return Task.CompletedTask;
    }

    public Task StartAsync(TimeSpan dueTime, TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(
            static (grain, _) =>
            {
                grain._ticks++;
                return Task.CompletedTask;
            },
            this,
            new GrainTimerCreationOptions(dueTime, period));
        return Task.CompletedTask;
    }

    public Task StopAsync()
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public Task<int> TicksAsync() => Task.FromResult(_ticks);
}
