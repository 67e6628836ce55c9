using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

/// <summary>Silos that come and go; each test has a cluster of its own.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = TwoSilos.NewBuilder(2).Build();

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task StopSilo_ItsGrains_AreDeactivatedAndLiveOnElsewhere()
    {
        InProcessSiloHandle leaving = Silo("Silo_1");
        IProbeGrain grain = _cluster.Client.GetGrain<IProbeGrain>("Silo_1/stopped");
        await grain.IncrementAsync();
        Signal deactivated = Signal.Named("Silo_1/stopped deactivated");

        await _cluster.StopSiloAsync(leaving);

        Assert.Equal(nameof(DeactivationReasonCode.ShuttingDown), await deactivated.WaitAsync());
        Assert.Equal("Silo_0", await grain.SiloNameAsync());
        Assert.Equal(0, await grain.CountAsync());
    }

    [Fact]
    public async Task KillSilo_NextCalls_ActivateItsGrainsElsewhere()
    {
        IProbeGrain grain = _cluster.Client.GetGrain<IProbeGrain>("Silo_1/killed");
        await grain.IncrementAsync();

        await _cluster.KillSiloAsync(Silo("Silo_1"));

        Assert.Equal("Silo_0", await CallUntilItAnswersAsync(grain.SiloNameAsync));
    }

    [Fact]
    public async Task KillSilo_CallOfAGrainInFlight_Fails()
    {
        Task call = _cluster.Client.GetGrain<ICallerGrain>("Silo_0/caller").CallAsync("Silo_1/callee", "kill in flight");
        await Signal.Named("kill in flight entered").WaitAsync();

        await _cluster.KillSiloAsync(Silo("Silo_1"));

        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => call);
        Assert.True(failure is OrleansMessageRejectionException or TimeoutException, $"{failure}");
    }

    [Fact]
    public async Task StartAdditionalSilo_NewGrains_AreAlsoPlacedThere()
    {
        InProcessSiloHandle added = await _cluster.StartAdditionalSiloAsync();

        Assert.Equal("Silo_2", added.Name);
        Assert.Equal(3, _cluster.Silos.Count);
        Assert.Equal("Silo_2", await CallUntilAsync("Silo_2", i => _cluster.Client.GetGrain<IProbeGrain>($"Silo_2/{i}").SiloNameAsync()));
    }

    [Fact]
    public async Task RestartSilo_ComesBackUnderItsNameWithAnotherAddress()
    {
        InProcessSiloHandle old = Silo("Silo_1");

        InProcessSiloHandle? restarted = await _cluster.RestartSiloAsync(old);

        Assert.Equal("Silo_1", restarted!.Name);
        Assert.NotEqual(old.SiloAddress, restarted.SiloAddress);
    }

    [Fact]
    public async Task MembershipUpdates_StopOfASilo_IsTold()
    {
        var membership = Silo("Silo_0").ServiceProvider.GetRequiredService<IClusterMembershipService>();
        SiloAddress leaving = Silo("Silo_1").SiloAddress;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Assert.Equal(SiloStatus.Active, membership.CurrentSnapshot.GetSiloStatus(leaving));
        Task<bool> watch = SeesDeathAsync(membership, leaving, limit.Token);

        await _cluster.StopSiloAsync(Silo("Silo_1"));

        Assert.True(await watch);
    }

    [Fact]
    public async Task CurrentSnapshot_AfterDeployment_NamesTheActiveSilos()
    {
        var membership = Silo("Silo_0").ServiceProvider.GetRequiredService<IClusterMembershipService>();
        await membership.Refresh();

        IEnumerable<string> names = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active)
            .Select(member => member.Name);

        Assert.Equal(["Silo_0", "Silo_1"], names.Order());
        Assert.Equal(Silo("Silo_0").SiloAddress, Silo("Silo_0").ServiceProvider.GetRequiredService<ILocalSiloDetails>().SiloAddress);
    }

    private static async Task<bool> SeesDeathAsync(IClusterMembershipService membership, SiloAddress silo, CancellationToken limit)
    {
        await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(limit))
        {
            if (snapshot.GetSiloStatus(silo) == SiloStatus.Dead)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A call may still be sent to a silo that has just died, and is refused then.</summary>
    private static async Task<string> CallUntilItAnswersAsync(Func<Task<string>> call)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception refused) when (attempt < 50 && refused is OrleansMessageRejectionException or TimeoutException)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Other silos may need a moment to learn what the new one can do.</summary>
    private static async Task<string> CallUntilAsync(string wanted, Func<int, Task<string>> call)
    {
        string last = "";
        for (int attempt = 0; attempt < 2000 && last != wanted; attempt++)
        {
            last = await call(attempt);
        }

        return last;
    }

    private InProcessSiloHandle Silo(string name) => _cluster.Silos.Single(silo => silo.Name == name);
}

public interface ICallerGrain : IGrainWithStringKey
{
    Task CallAsync(string otherKey, string name);
}

[PinnedPlacement]
public sealed class CallerGrain : Grain, ICallerGrain
{
    public Task CallAsync(string otherKey, string name) => GrainFactory.GetGrain<IProbeGrain>(otherKey).WaitAsync(name);
}
