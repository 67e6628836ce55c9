using System.Diagnostics;
using DeepSeekOrleans.GrainHost.Contract.SiloProcess;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Processes;

/// <summary>A silo whose process dies.</summary>
public sealed class SiloCrashTests
{
    // The official runtime was measured at 0.8 to 1.2 s with these settings on a quiet machine.
    private static readonly TimeSpan DetectionLimit = TimeSpan.FromSeconds(15);

    [RedisFact]
    public async Task Sigkill_OfASiloProcess_ItsGrainsLiveOnElsewhereAndCallsInFlightFail()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost survivor = await cluster.AddSiloAsync("survivor");
        SiloProcessHandle victim = await cluster.AddProcessAsync("victim");
        await RedisClusterTests.UntilAsync(() => Task.FromResult(RedisClusterTests.ActiveNames(survivor).Length == 2), "both are active");
        IGrainFactory grains = survivor.Services.GetRequiredService<IGrainFactory>();
        string lost = await KeyOnAsync(grains, victim.Id);
        string caller = await KeyOnAsync(grains, Environment.ProcessId);
        Task<string> inFlight = grains.GetGrain<IPlaceGrain>(caller).HangOnAsync(lost);
        await RedisClusterTests.UntilAsync(() => grains.GetGrain<IPlaceGrain>(lost).IsHangingAsync(), "the call is in flight");

        await victim.KillAsync();

        var watch = Stopwatch.StartNew();
        string place = await RedisClusterTests.AnswerAsync(() => grains.GetGrain<IPlaceGrain>(lost).SiloNameAsync());
        TimeSpan found = watch.Elapsed;
        string failure = await inFlight.WaitAsync(TimeSpan.FromSeconds(40));
        Assert.Equal("survivor", place);
        Assert.True(found < DetectionLimit, $"the grain answered elsewhere only after {found}");
        Assert.Contains(failure, new[] { nameof(SiloUnavailableException), nameof(OrleansMessageRejectionException), nameof(TimeoutException) });
        Assert.Equal(["survivor"], RedisClusterTests.ActiveNames(survivor));
    }

    [RedisFact]
    public async Task Sigkill_OfAClientsGateway_TheClientGoesOnThroughAnother()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        await cluster.AddSiloAsync("survivor");
        SiloProcessHandle victim = await cluster.AddProcessAsync("victim");
        IClusterClient client = await cluster.AddClientAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => client.GetGrain<IPlaceGrain>($"g{i}").SiloNameAsync()));

        await victim.KillAsync();

        string[] places = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            RedisClusterTests.AnswerAsync(() => client.GetGrain<IPlaceGrain>($"g{i}").SiloNameAsync())));
        Assert.Equal(["survivor"], places.Distinct());
    }

    [RedisFact]
    public async Task Sigkill_OfGateways_TheClientsObserverIsToldOfEach()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        SiloProcessHandle first = await cluster.AddProcessAsync("first");
        SiloProcessHandle second = await cluster.AddProcessAsync("second");
        GatewayCounts counts = new();
        await cluster.AddClientAsync(counts);
        await RedisClusterTests.UntilAsync(() => Task.FromResult(counts.Changes is [.., (2, 1)]), "both gateways are connected");

        await first.KillAsync();
        await RedisClusterTests.UntilAsync(() => Task.FromResult(counts.Changes is [(1, 0), (2, 1), (1, 2)]), "the loss of one is told");
        bool wasCutOff = counts.IsCutOff;
        await second.KillAsync();
        await RedisClusterTests.UntilAsync(() => Task.FromResult(counts.Changes is [(1, 0), (2, 1), (1, 2), (0, 1)]), "the loss of the other is told");

        Assert.Equal((false, true), (wasCutOff, counts.IsCutOff));
    }

    [RedisFact]
    public async Task Sigterm_OfASiloProcess_ItLeavesTheMembershipAndExits()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost survivor = await cluster.AddSiloAsync("survivor");
        SiloProcessHandle leaving = await cluster.AddProcessAsync("leaving");
        await RedisClusterTests.UntilAsync(() => Task.FromResult(RedisClusterTests.ActiveNames(survivor).Length == 2), "both are active");

        await leaving.SignalAsync("TERM");

        await leaving.WaitForExitAsync(TimeSpan.FromSeconds(30));
        await RedisClusterTests.UntilAsync(() => Task.FromResult(RedisClusterTests.ActiveNames(survivor).Length == 1), "one is active");
    }

    internal static async Task<string> KeyOnAsync(IGrainFactory grains, int processId)
    {
        for (int number = 0; number < 1000; number++)
        {
            string key = $"on{processId}-{number}";
            if (await grains.GetGrain<IPlaceGrain>(key).ProcessIdAsync() == processId)
            {
                return key;
            }
        }

        throw new InvalidOperationException($"no grain was placed in the process {processId}");
    }
}
