using DeepSeekOrleans.GrainHost.Contract.SiloProcess;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Processes;

/// <summary>Silos and clients that find each other through Redis and speak over TCP, here and in processes of their own.</summary>
internal sealed class RedisCluster(RedisServer redis) : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];
    private readonly List<SiloProcessHandle> _processes = [];

    public string Id { get; } = $"contract-{Guid.NewGuid():N}";

    public async Task<IHost> AddSiloAsync(string name)
    {
        int[] ports = FreePorts.Take(2);
        HostApplicationBuilder builder = NewBuilder();
        builder.UseOrleans(silo => silo.UseTestCluster(redis.Address, Id, name, ports[0], ports[1]));
        return await StartAsync(builder);
    }

    public async Task<SiloProcessHandle> AddProcessAsync(string name)
    {
        SiloProcessHandle process = await SiloProcessHandle.StartAsync(redis.Address, Id, name);
        _processes.Add(process);
        return process;
    }

    public async Task<IClusterClient> AddClientAsync(IClusterConnectionStatusObserver? observer = null)
    {
        HostApplicationBuilder builder = NewBuilder();
        builder.UseOrleansClient(client => client
            .UseRedisClustering(redis.Address)
            .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = Id)
            .AddClusterConnectionStatusObserver(observer ?? new GatewayCounts()));
        IHost host = await StartAsync(builder);
        return host.Services.GetRequiredService<IClusterClient>();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcessHandle process in _processes)
        {
            await process.DisposeAsync();
        }

        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
        foreach (IHost host in _hosts.AsEnumerable().Reverse())
        {
            await host.StopAsync(limit.Token);
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private static HostApplicationBuilder NewBuilder() => Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());

    private async Task<IHost> StartAsync(HostApplicationBuilder builder)
    {
        IHost host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }
}
