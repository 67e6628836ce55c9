using System.Collections.ObjectModel;
using System.Net;
using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>A cluster of silos in this process, with a client.</summary>
public sealed class InProcessTestCluster(InProcessTestClusterOptions options) : IAsyncDisposable
{
    // Nobody listens on a port in one process, and other test clusters have ids of their own: any numbers will do.
    private const int FirstSiloPort = 11_111;
    private const int FirstGatewayPort = 30_000;

    private readonly Lock _silosLock = new();
    private readonly List<InProcessSiloHandle> _silos = [];
    private IHost? _clientHost;
    private int _startedInstances;
    private int _lastPort = -1;

    public InProcessTestClusterOptions Options { get; } = options;

    public ReadOnlyCollection<InProcessSiloHandle> Silos
    {
        get
        {
            lock (_silosLock)
            {
                return new List<InProcessSiloHandle>(_silos).AsReadOnly();
            }
        }
    }

    /// <exception cref="InvalidOperationException">The cluster has not been deployed or its client has been stopped.</exception>
    public IClusterClient Client =>
        _clientHost?.Services.GetRequiredService<IClusterClient>()
        ?? throw new InvalidOperationException("The test cluster client is unavailable because the cluster has not been deployed or has been stopped.");

    /// <summary>Starts the silos and then the client.</summary>
    public async Task DeployAsync()
    {
        if (Silos.Count > 0)
        {
            throw new InvalidOperationException("Cluster host already deployed.");
        }

        await StartSilosAsync(Options.InitialSilosCount).ConfigureAwait(false);
        if (Options.InitializeClientOnDeploy)
        {
            await InitializeClientAsync().ConfigureAwait(false);
        }
    }

    public async Task InitializeClientAsync()
    {
        await StopClusterClientAsync().ConfigureAwait(false);
        HostApplicationBuilder builder = NewHost("TestClusterClient");
        foreach (Action<IHostApplicationBuilder> configure in Options.ClientHostConfigurationDelegates)
        {
            configure(builder);
        }

        builder.UseOrleansClient(client => client.Configure<ClusterOptions>(NameCluster));
        IHost host = builder.Build();
        await host.StartAsync().ConfigureAwait(false);
        _clientHost = host;
    }

    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null)
    {
        InProcessSiloHandle? handle = silo is null ? Silos.FirstOrDefault() : Silos.FirstOrDefault(handle => handle.SiloAddress.Equals(silo));
        return handle?.ServiceProvider ?? throw new ArgumentException($"The provided silo address '{silo}' is unknown.", nameof(silo));
    }

    public IEnumerable<InProcessSiloHandle> GetActiveSilos() => Silos.Where(silo => silo.IsActive);

    public InProcessSiloHandle? GetSiloForAddress(SiloAddress siloAddress) =>
        GetActiveSilos().FirstOrDefault(silo => silo.SiloAddress.Equals(siloAddress));

    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync() => (await StartSilosAsync(1).ConfigureAwait(false))[0];

    public async Task<List<InProcessSiloHandle>> StartSilosAsync(int silosToStart)
    {
        IEnumerable<Task<InProcessSiloHandle>> starting =
            Enumerable.Range(_startedInstances, silosToStart).Select(number => StartSiloAsync(number, Options)).ToArray();
        List<InProcessSiloHandle> started = [.. await Task.WhenAll(starting).ConfigureAwait(false)];
        lock (_silosLock)
        {
            _silos.AddRange(started);
        }

        return started;
    }

    public async Task<InProcessSiloHandle> StartSiloAsync(int instanceNumber, InProcessTestClusterOptions clusterOptions)
    {
        ArgumentNullException.ThrowIfNull(clusterOptions);
        int port = Interlocked.Increment(ref _lastPort);
        InProcessSiloHandle handle = await CreateSiloAsync(new InProcessTestSiloSpecificOptions
        {
            SiloName = $"Silo_{instanceNumber}",
            SiloPort = FirstSiloPort + port,
            GatewayPort = FirstGatewayPort + port,
        }).ConfigureAwait(false);
        handle.InstanceNumber = (short)instanceNumber;
        Interlocked.Increment(ref _startedInstances);
        return handle;
    }

    public async Task<InProcessSiloHandle> CreateSiloAsync(InProcessTestSiloSpecificOptions siloOptions)
    {
        ArgumentNullException.ThrowIfNull(siloOptions);
        IHost host = await Task.Run(() => StartHostAsync(siloOptions)).ConfigureAwait(false);
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        return new InProcessSiloHandle
        {
            Name = siloOptions.SiloName,
            SiloHost = host,
            SiloAddress = details.SiloAddress,
            GatewayAddress = details.GatewayAddress,
        };
    }

    /// <summary>Stops a silo as it should stop: its grains are deactivated and live on elsewhere.</summary>
    public Task StopSiloAsync(InProcessSiloHandle instance) => RemoveSiloAsync(instance, stopGracefully: true);

    /// <summary>Takes a silo away at once; its grains are not told.</summary>
    public Task KillSiloAsync(InProcessSiloHandle instance) => RemoveSiloAsync(instance, stopGracefully: false);

    /// <summary>Stops a silo and starts another one of the same name.</summary>
    public async Task<InProcessSiloHandle?> RestartSiloAsync(InProcessSiloHandle instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        await StopSiloAsync(instance).ConfigureAwait(false);
        InProcessSiloHandle restarted = await StartSiloAsync(instance.InstanceNumber, Options).ConfigureAwait(false);
        lock (_silosLock)
        {
            _silos.Add(restarted);
        }

        return restarted;
    }

    public async Task StopClusterClientAsync()
    {
        if (_clientHost is { } host)
        {
            _clientHost = null;
            await host.StopAsync().ConfigureAwait(false);
            await DisposeHostAsync(host).ConfigureAwait(false);
        }
    }

    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync().ConfigureAwait(false);
        foreach (InProcessSiloHandle silo in Silos)
        {
            await StopSiloAsync(silo).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the current activation of a grain and waits for its end.</summary>
    public async Task DeactivateAsync(IAddressable grain)
    {
        if (FindActivation(grain) is { } activation)
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateAsync was called."));
            await activation.Deactivated.ConfigureAwait(false);
        }
    }

    /// <summary>Completes when the activation that the grain has now, if any, has ended.</summary>
    public Task WaitForDeactivationAsync(IAddressable grain) => FindActivation(grain)?.Deactivated ?? Task.CompletedTask;

    /// <summary>Returns at once: silos of one process agree about their membership at any time.</summary>
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) =>
        Silos.Count > 0 ? Task.CompletedTask : throw new InvalidOperationException("The cluster has no silos.");

    public async ValueTask DisposeAsync()
    {
        foreach (InProcessSiloHandle silo in Silos)
        {
            await silo.DisposeAsync().ConfigureAwait(false);
        }

        await StopClusterClientAsync().ConfigureAwait(false);
    }

    private static HostApplicationBuilder NewHost(string name) => Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
    {
        ApplicationName = name,
        EnvironmentName = Environments.Development,
        DisableDefaults = true,
    });

    private static async Task DisposeHostAsync(IHost host)
    {
        if (host is IAsyncDisposable asyncDisposable)
        {
            await asyncDisposable.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<IHost> StartHostAsync(InProcessTestSiloSpecificOptions siloOptions)
    {
        HostApplicationBuilder builder = NewHost(siloOptions.SiloName);
        foreach (Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configure in Options.SiloHostConfigurationDelegates)
        {
            configure(siloOptions, builder);
        }

        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(NameCluster)
            .Configure<SiloOptions>(options => options.SiloName = siloOptions.SiloName)
            .Configure<EndpointOptions>(endpoints =>
            {
                endpoints.AdvertisedIPAddress = IPAddress.Loopback;
                endpoints.SiloPort = siloOptions.SiloPort;
                endpoints.GatewayPort = siloOptions.GatewayPort;
            }));
        IHost host = builder.Build();
        await host.StartAsync().ConfigureAwait(false);
        return host;
    }

    private void NameCluster(ClusterOptions cluster)
    {
        cluster.ClusterId = Options.ClusterId;
        cluster.ServiceId = Options.ServiceId;
    }

    private GrainActivation? FindActivation(IAddressable grain) =>
        Silos.Select(silo => silo.ServiceProvider.GetRequiredService<SiloRuntime>().Node.Catalog.Find(grain.GetGrainId()))
            .FirstOrDefault(activation => activation is not null);

    private async Task RemoveSiloAsync(InProcessSiloHandle instance, bool stopGracefully)
    {
        ArgumentNullException.ThrowIfNull(instance);
        try
        {
            await instance.StopSiloAsync(stopGracefully).ConfigureAwait(false);
        }
        finally
        {
            await instance.DisposeAsync().ConfigureAwait(false);
            Interlocked.Decrement(ref _startedInstances);
            lock (_silosLock)
            {
                _silos.Remove(instance);
            }
        }
    }
}
