using System.Net;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Clustering;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Network;
using DeepSeekOrleans.GrainHost.Contract.Tests.Processes;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Runtime;
using StackExchange.Redis;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.EmbeddedOnly;

/// <summary>Who may declare another silo dead.</summary>
public sealed class SiloMonitorTests
{
    private static readonly SiloRow Living = SiloRow.New("peer", gatewayPort: 0, []) with { Status = SiloStatus.Active };

    /// <summary>The others close their connections with a silo that leaves: it reaches none of them, and they live.</summary>
    [RedisTheory]
    [InlineData(SiloStatus.Active, SiloStatus.Dead)]
    [InlineData(SiloStatus.ShuttingDown, null)]
    [InlineData(SiloStatus.Dead, null)]
    public async Task Watch_OfAPeerThatIsNotReached_VotesUnlessTheWatcherLeaves(SiloStatus watcher, SiloStatus? expected)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        ClusterOptions names = new() { ClusterId = "votes", ServiceId = "votes" };
        ClusterMembershipOptions options = new() { ProbeTimeout = TimeSpan.FromMilliseconds(20), NumMissedProbesLimit = 1 };
        RedisTable table = new(new RedisClusteringOptions { ConfigurationOptions = ConfigurationOptions.Parse(redis.Address) }, names);
        await using NetworkCluster cluster = new(table, names, new EndpointOptions(), options, lifetime: null!, NullLogger.Instance);
        NodeServices services = new(TimeProvider.System, new ClientMessagingOptions(), NullLogger.Instance, []);
        ClientNode node = new(cluster, services, new GatewayCount([], NullLogger.Instance));
        await table.ConnectAsync(() => { });
        await table.ChangeAsync(_ => new() { [node.Address] = Living with { Status = watcher } });
        var peer = SiloAddress.New(IPAddress.Loopback, FreePorts.Take(1)[0], 1);
        var transport = (TcpTransport)cluster.Transport;
        transport.Attach(node);
        int votes = 0;
        SiloMonitor monitor = new(table, transport, options, NullLogger.Instance)
        {
            LastRowOf = _ =>
            {
                Interlocked.Increment(ref votes);
                return Living;
            },
        };

        monitor.Watch(node, [peer]);

        // the second vote tells that the first one has ended; it is not asked for where the first one has counted
        await RedisClusterTests.UntilAsync(
            async () => Volatile.Read(ref votes) > 1 || (await table.ReadAsync()).Rows.ContainsKey(peer), "the watcher has tried to vote");
        monitor.Watch(node, []);
        Assert.Equal(expected, (await table.ReadAsync()).Rows.GetValueOrDefault(peer)?.Status);
        transport.Abort();
    }
}
