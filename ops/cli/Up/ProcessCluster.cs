namespace DeepSeekOrleans.Cli.Up;

/// <summary>Silos and frontends in a process each, which find each other through Redis.</summary>
internal sealed class ProcessCluster : IRunningCluster
{
    private readonly LocalClusterSettings _settings;
    private readonly PrivateRedis? _ownRedis;
    private readonly string _redis;
    private readonly List<MemberProcess> _silos = [];
    private readonly List<KeptFrontend> _frontends = [];

    private ProcessCluster(LocalClusterSettings settings, string redis, PrivateRedis? ownRedis)
    {
        _settings = settings;
        _redis = redis;
        _ownRedis = ownRedis;
    }

    public ReadyCluster Ready => new(
        [.. Enumerable.Range(0, _settings.Frontends).Select(index => FrontendAddress.Of(_settings.OfFrontend(index)))],
        _settings.ModelName,
        [.. _silos.Select(silo => silo.Name)],
        Environment.ProcessId);

    public IReadOnlyList<FrontendState> Frontends => [.. _frontends.Select(frontend => frontend.State)];

    /// <summary>Returns when every worker has loaded and the frontends listen.</summary>
    /// <param name="redis">A server that runs already; null starts one that ends with the cluster.</param>
    /// <exception cref="CliException">A member did not start.</exception>
    public static async Task<ProcessCluster> StartAsync(LocalClusterSettings settings, string? redis, CancellationToken cancellationToken)
    {
        PrivateRedis? ownRedis = redis is null ? await PrivateRedis.StartAsync(PrivateRedis.Program!, cancellationToken) : null;
        ProcessCluster cluster = new(settings, redis ?? ownRedis!.Address, ownRedis);
        try
        {
            await cluster.AddFirstAsync(cancellationToken);
            for (int index = 0; index < settings.Frontends; index++)
            {
                ClusterMember member = new(settings, cluster._redis, Frontend: index);
                cluster._frontends.Add(await KeptFrontend.StartAsync(member, cancellationToken));
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task StopAsync()
    {
        await Task.WhenAll(_frontends.Select(frontend => frontend.StopAsync()));
        await Task.WhenAll(_silos.Where(silo => !silo.HasExited).Select(silo => silo.StopAsync()));
    }

    public async Task<IReadOnlyList<SiloState>> ListAsync(CancellationToken cancellationToken)
    {
        await ForgetEndedAsync();
        return await Task.WhenAll(_silos.Select(silo => silo.StateAsync(cancellationToken)));
    }

    public async Task AddAsync(string name, CancellationToken cancellationToken)
    {
        await ForgetEndedAsync();
        if (_silos.Any(silo => silo.Name == name))
        {
            throw new CliException(ExitCode.RequestRefused, $"there is a silo '{name}' already");
        }

        int[] ports = LocalPorts.Free(2);
        _silos.Add(await StartSiloAsync(name, ports[0], ports[1], cancellationToken));
    }

    public async Task DrainAsync(string name, CancellationToken cancellationToken)
    {
        await (await FindAsync(name)).StopAsync();
        await ForgetEndedAsync();
    }

    public async Task KillAsync(string name, CancellationToken cancellationToken)
    {
        await (await FindAsync(name)).KillAsync();
        await ForgetEndedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable member in _frontends.Concat<IAsyncDisposable>(_silos))
        {
            await member.DisposeAsync();
        }

        if (_ownRedis is not null)
        {
            await _ownRedis.DisposeAsync();
        }
    }

    /// <summary>Side by side: each of them reads its model and meets the others meanwhile.</summary>
    private async Task AddFirstAsync(CancellationToken cancellationToken)
    {
        int[] ports = LocalPorts.Free(_settings.Silos * 2);
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<MemberProcess>[] silos =
        [
            .. Enumerable.Range(0, _settings.Silos).Select(index => StartSiloAsync($"silo-{index + 1}", ports[index * 2], ports[(index * 2) + 1], starting.Token)),
        ];
        Task<MemberProcess>? failed = null;
        await foreach (Task<MemberProcess> silo in Task.WhenEach(silos))
        {
            if (!silo.IsCompletedSuccessfully && failed is null)
            {
                // what the first one says is told; the others need not be waited for
                failed = silo;
                await starting.CancelAsync();
            }
        }

        _silos.AddRange(await Task.WhenAll(silos.Where(silo => silo.IsCompletedSuccessfully)));
        await (failed ?? Task.CompletedTask);
    }

    private Task<MemberProcess> StartSiloAsync(string name, int siloPort, int gatewayPort, CancellationToken cancellationToken) =>
        MemberProcess.StartAsync(name, new ClusterMember(_settings, _redis, name, siloPort, gatewayPort), cancellationToken);

    private async Task<MemberProcess> FindAsync(string name)
    {
        await ForgetEndedAsync();
        return _silos.FirstOrDefault(silo => silo.Name == name)
            ?? throw new CliException(ExitCode.RequestRefused, $"there is no silo '{name}': {string.Join(", ", _silos.Select(silo => silo.Name))}");
    }

    // processes also end by themselves or by somebody else's hand
    private async Task ForgetEndedAsync()
    {
        foreach (MemberProcess ended in _silos.Where(silo => silo.HasExited).ToArray())
        {
            _silos.Remove(ended);
            await ended.DisposeAsync();
        }
    }
}
