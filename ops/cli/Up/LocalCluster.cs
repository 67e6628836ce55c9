using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.ModelFactory;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace DeepSeekOrleans.Cli.Up;

internal sealed record LocalClusterSettings(
    string ModelName, PreparedModel Model, ServingPlan Plan, int Silos, int HttpPort, int GrpcPort, IReadOnlyList<ApiKeyLine> Keys)
{
    /// <summary>What computes; of these options the provider and the device count.</summary>
    public OnnxRunnerOptions Onnx { get; init; } = new();

    /// <summary>See <see cref="EngineOptions.Speculation"/>.</summary>
    public string Speculation { get; init; } = EngineOptions.SpeculationOff;

    public int Frontends { get; init; } = 1;

    /// <summary>The same with the ports of one of the frontends.</summary>
    public LocalClusterSettings OfFrontend(int index) => this with { HttpPort = HttpPort + index, GrpcPort = GrpcPort + index };
}

/// <summary>Silos and a frontend in this process: separate hosts that know each other only through the cluster.</summary>
internal sealed class LocalCluster : IRunningCluster
{
    private readonly List<IHost> _hosts = [];
    private readonly List<IHost> _silos = [];

    // several silos need a place where each finds what another has kept; one has its memory
    private readonly DirectoryInfo? _shared;

    private LocalCluster(ReadyCluster ready)
    {
        Ready = ready;
        _shared = ready.Silos.Count > 1 ? Directory.CreateTempSubdirectory("deepseek-values-") : null;
    }

    public ReadyCluster Ready { get; }

    /// <summary>Returns when every worker has loaded and the frontend listens.</summary>
    /// <exception cref="CliException">A worker could not load its model.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterSettings settings, CancellationToken cancellationToken)
    {
        int[] ports = LocalPorts.Free(settings.Silos * 2);
        string[] names = [.. Enumerable.Range(1, settings.Silos).Select(number => $"silo-{number}")];
        LocalCluster cluster = new(new ReadyCluster(
            [FrontendAddress.Of(settings)], settings.ModelName, names, Environment.ProcessId));
        try
        {
            for (int index = 0; index < settings.Silos; index++)
            {
                await cluster.AddSiloAsync(settings, new SiloPlace(names[index], index, ports), cancellationToken);
            }

            string id = ClusterHosts.ClusterId(settings.HttpPort);
            WebApplication frontend = ClusterHosts.Frontend(
                settings, client => client.UseLocalhostClustering([.. ports[settings.Silos..]], serviceId: id, clusterId: id));
            ClusterHosts.TellOf(cluster._silos, frontend);
            await cluster.AddAsync(frontend, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the frontend first, so that no stream begins on a silo that is about to go.</summary>
    public async Task StopAsync()
    {
        foreach (IHost host in _hosts.AsEnumerable().Reverse())
        {
            await host.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHost host in _hosts.AsEnumerable().Reverse())
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        _shared?.Delete(recursive: true);
    }

    public Task<IReadOnlyList<SiloState>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SiloState>>(
        [.. _silos.Select(silo => SiloState.Of(silo.Services, Ready.Silos[_silos.IndexOf(silo)]))]);

    public IReadOnlyList<FrontendState> Frontends => [new(Ready.Http, Environment.ProcessId, FrontendState.Running)];

    public Task AddAsync(string name, CancellationToken cancellationToken) => throw OneProcess();

    public Task DrainAsync(string name, CancellationToken cancellationToken) => throw OneProcess();

    public Task KillAsync(string name, CancellationToken cancellationToken) => throw OneProcess();

    private static CliException OneProcess() => new(
        ExitCode.RequestRefused, "the silos of this cluster share one process: start it with --silos 2 or more and a redis-server, or with --redis");

    private async Task AddSiloAsync(LocalClusterSettings settings, SiloPlace place, CancellationToken cancellationToken)
    {
        IHost host = ClusterHosts.Silo(settings, new StorageOptions { Directory = _shared?.FullName ?? "" }, silo =>
        {
            silo.Name = place.Name;
            silo.SiloPort = place.SiloPort;
            silo.GatewayPort = place.GatewayPort;
            silo.PrimarySiloPort = place.PrimarySiloPort;
        });
        _silos.Add(host);
        await AddAsync(host, cancellationToken);
        ClusterHosts.RequireWorkers(host);
    }

    private async Task AddAsync(IHost host, CancellationToken cancellationToken)
    {
        _hosts.Add(host);
        await host.StartAsync(cancellationToken);
    }

    private sealed record SiloPlace(string Name, int Index, int[] Ports)
    {
        public int SiloPort => Ports[Index];

        public int GatewayPort => Ports[(Ports.Length / 2) + Index];

        /// <summary>The first silo is the one that the others join; for itself it is 0.</summary>
        public int PrimarySiloPort => Index == 0 ? 0 : Ports[0];
    }
}
