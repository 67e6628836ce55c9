using System.Net;
using System.Net.Sockets;
using System.Text;
using DeepSeekOrleans.GrainHost.Contract.SiloProcess;
using DeepSeekOrleans.GrainHost.Contract.Tests.Processes;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.EmbeddedOnly;

/// <summary>What only the embedded host promises of clusters in several processes.</summary>
public sealed class ProcessClusterTests
{
    [Fact]
    public async Task Redis_OnAnotherMachine_IsRefusedAndOrleansNamed()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo.UseTestCluster("redis.example.com:6379", "refused", "a", 21_111, 41_111));
        using IHost host = builder.Build();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("use Orleans", refusal.Message, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Sigstop_OfASiloProcess_IsDeclaredDeadAndEndsItselfWhenItGoesOn()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost survivor = await cluster.AddSiloAsync("survivor");
        SiloProcessHandle frozen = await cluster.AddProcessAsync("frozen");
        await RedisClusterTests.UntilAsync(() => Task.FromResult(RedisClusterTests.ActiveNames(survivor).Length == 2), "both are active");
        IGrainFactory grains = survivor.Services.GetRequiredService<IGrainFactory>();
        string key = await SiloCrashTests.KeyOnAsync(grains, frozen.Id);

        await frozen.SignalAsync("STOP");

        Assert.Equal("survivor", await RedisClusterTests.AnswerAsync(() => grains.GetGrain<IPlaceGrain>(key).SiloNameAsync()));
        await frozen.SignalAsync("CONT");
        await frozen.WaitForExitAsync(TimeSpan.FromSeconds(30));
    }

    [RedisFact]
    public async Task Table_WithDamagedAndForeignRows_IsReadWithoutThem()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        using (ConnectionMultiplexer database = await ConnectionMultiplexer.ConnectAsync(redis.Address))
        {
            string key = $"{cluster.Id}/embedded-members/{cluster.Id}";
            await database.GetDatabase().HashSetAsync(key, "127.0.0.1:1@1", "{ damaged");
            await database.GetDatabase().HashSetAsync(key, "127.0.0.1:2@2", """{"Schema": 99, "Name": "later"}""");
            await database.GetDatabase().HashSetAsync(key, "no address", "x");
        }

        IHost silo = await cluster.AddSiloAsync("alone");

        Assert.Equal(["alone"], RedisClusterTests.ActiveNames(silo));
    }

    [RedisFact]
    public async Task Flushall_OfRedis_LeavesTheClusterWhole()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost first = await cluster.AddSiloAsync("a");
        IHost second = await cluster.AddSiloAsync("b");
        using ConnectionMultiplexer database = await ConnectionMultiplexer.ConnectAsync(redis.Address + ",allowAdmin=true");
        await database.GetServer(database.GetEndPoints()[0]).FlushAllDatabasesAsync();

        IHost third = await cluster.AddSiloAsync("c");

        foreach (IHost silo in new[] { first, second, third })
        {
            await RedisClusterTests.UntilAsync(
                () => Task.FromResult(RedisClusterTests.ActiveNames(silo).SequenceEqual(["a", "b", "c"])), "all three know each other again");
        }
    }

    [RedisFact]
    public async Task Flushall_OfRedisUnderAFrozenSilo_ItIsDeclaredDeadAlthoughItsRowIsGone()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost survivor = await cluster.AddSiloAsync("survivor");
        SiloProcessHandle frozen = await cluster.AddProcessAsync("frozen");
        await RedisClusterTests.UntilAsync(() => Task.FromResult(RedisClusterTests.ActiveNames(survivor).Length == 2), "both are active");

        await frozen.SignalAsync("STOP");
        await redis.SendAsync("FLUSHALL");

        await RedisClusterTests.UntilAsync(
            () => Task.FromResult(RedisClusterTests.ActiveNames(survivor).SequenceEqual(["survivor"])), "the frozen silo is declared dead");
    }

    [RedisFact]
    public async Task Port_OfASilo_ClosesOnWhatDoesNotGreet()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using RedisCluster cluster = new(redis);
        IHost silo = await cluster.AddSiloAsync("a");
        int port = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint.Port;
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await stranger.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));

        await stranger.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));

        Assert.Equal(0, await ReceiveAsync(stranger).WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private static async Task<int> ReceiveAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[64]);
        }
        catch (SocketException)
        {
            // Closed with unread bytes: a reset instead of an end, which is as good.
            return 0;
        }
    }
}
