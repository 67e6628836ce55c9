using DeepSeekOrleans.GrainHost.Contract.SiloProcess;
using DeepSeekOrleans.GrainHost.Contract.Tests.Support;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Processes;

/// <summary>Silos and clients that share nothing but a Redis server and TCP.</summary>
public sealed class RedisClusterTests
{
    // a call that is under way to a silo that goes may be answered by nobody: it times out after 30 s, and the next one is answered
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [RedisFact]
    public async Task Silos_OnOneRedis_ShareTheGrainsAndSeeEachOther()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost first = await cluster.AddSiloAsync("a");
        await cluster.AddSiloAsync("b");
        IClusterClient client = await cluster.AddClientAsync();

        await UntilAsync(() => Task.FromResult(ActiveNames(first).SequenceEqual(["a", "b"])), "both are active");
        string[] places = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => client.GetGrain<IPlaceGrain>($"p{i}").SiloNameAsync()));

        Assert.Equal(["a", "b"], places.Distinct().Order());
    }

    [RedisFact]
    public async Task FirstCalls_FromAllSilosAtOnce_MeetOneActivationPerKey()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IGrainFactory[] callers = [.. await StartSilosAsync(cluster, 3), await cluster.AddClientAsync()];

        string[][] seen = await Task.WhenAll(callers.Select(caller =>
            Task.WhenAll(Enumerable.Range(0, 200).Select(i => caller.GetGrain<IPlaceGrain>($"one{i}").ActivationAsync()))));

        Assert.All(seen, activations => Assert.Equal(seen[0], activations));
        Assert.Equal(200, seen[0].Distinct().Count());
    }

    [RedisFact]
    public async Task Observer_OfAClient_IsCalledBackOverItsConnection()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        await StartSilosAsync(cluster, 2);
        IClusterClient client = await cluster.AddClientAsync();
        Listener listener = new();
        IPlaceObserver reference = client.CreateObjectReference<IPlaceObserver>(listener);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.GetGrain<IPlaceGrain>($"teller{i}").TellAsync(reference, 50)));

        Assert.Equal(20 * 50, listener.Count);
        GC.KeepAlive(listener);
    }

    [RedisFact]
    public async Task Cancellation_OfAClientsCall_ReachesTheGrain()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        await StartSilosAsync(cluster, 2);
        IClusterClient client = await cluster.AddClientAsync();
        IPlaceGrain grain = client.GetGrain<IPlaceGrain>("hangs");
        using CancellationTokenSource cancellation = new();
        Task call = grain.HangAsync(cancellation.Token);
        await UntilAsync(grain.IsHangingAsync, "the call runs");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Limit));
        Assert.NotEmpty(await grain.SiloNameAsync().WaitAsync(Limit));
    }

    [RedisFact]
    public async Task Enumeration_AcrossSilos_DeliversEveryItemInOrder()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        await StartSilosAsync(cluster, 2);
        IClusterClient client = await cluster.AddClientAsync();

        List<int> items = await client.GetGrain<IPlaceGrain>("counter").CountAsync(300, default).ToListAsync();

        Assert.Equal(Enumerable.Range(0, 300), items);
    }

    [RedisFact]
    public async Task TwoClusters_OnOneRedis_NeverMix()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster left = new(redis);
        await using RedisCluster right = new(redis);
        IHost leftSilo = await left.AddSiloAsync("left");
        IHost rightSilo = await right.AddSiloAsync("right");
        IClusterClient client = await left.AddClientAsync();

        string[] places = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => client.GetGrain<IPlaceGrain>($"m{i}").SiloNameAsync()));

        Assert.Equal(["left"], places.Distinct());
        Assert.Equal(["left"], ActiveNames(leftSilo));
        Assert.Equal(["right"], ActiveNames(rightSilo));
    }

    [RedisFact]
    public async Task Stop_OfASilo_MovesItsGrainsToAnotherOne()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        await cluster.AddSiloAsync("stays");
        IHost leaving = await cluster.AddSiloAsync("leaves");
        IClusterClient client = await cluster.AddClientAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => client.GetGrain<IPlaceGrain>($"s{i}").SiloNameAsync()));

        await leaving.StopAsync();

        string[] places = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            AnswerAsync(() => client.GetGrain<IPlaceGrain>($"s{i}").SiloNameAsync())));
        Assert.Equal(["stays"], places.Distinct());
    }

    [RedisFact]
    public async Task Redis_Away_CallsAndNewGrainsGoOn()
    {
        RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        await StartSilosAsync(cluster, 2);
        IClusterClient client = await cluster.AddClientAsync();
        string before = await client.GetGrain<IPlaceGrain>("known").ActivationAsync();

        await redis.DisposeAsync();

        Assert.Equal(before, await client.GetGrain<IPlaceGrain>("known").ActivationAsync());
        string[] places = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => client.GetGrain<IPlaceGrain>($"new{i}").SiloNameAsync()));
        Assert.Equal(2, places.Distinct().Count());
    }

    /// <summary>A call may still be sent to a silo that is gone, and is refused then.</summary>
    internal static async Task<T> AnswerAsync<T>(Func<Task<T>> call)
    {
        using CancellationTokenSource limit = new(Limit);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception refused) when (refused is OrleansMessageRejectionException or TimeoutException && !limit.IsCancellationRequested)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    internal static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using CancellationTokenSource limit = new(Limit);
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"not within {Limit}: {what}");
            await Task.Delay(20);
        }
    }

    internal static string[] ActiveNames(IHost silo) =>
        [.. silo.Services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active).Select(member => member.Name).Order()];

    /// <summary>Returns when every silo knows all of them.</summary>
    private static async Task<IGrainFactory[]> StartSilosAsync(RedisCluster cluster, int count)
    {
        List<IHost> silos = [];
        for (int number = 0; number < count; number++)
        {
            silos.Add(await cluster.AddSiloAsync($"silo{number}"));
        }

        await UntilAsync(() => Task.FromResult(silos.All(silo => ActiveNames(silo).Length == count)), "all silos know each other");
        return [.. silos.Select(silo => silo.Services.GetRequiredService<IGrainFactory>())];
    }

    private sealed class Listener : IPlaceObserver
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Task OnToldAsync(int number)
        {
            Interlocked.Increment(ref _count);
            return Task.CompletedTask;
        }
    }
}
