using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Directory;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Network;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using StackExchange.Redis;

namespace DeepSeekOrleans.Embedded.Clustering;

/// <summary>
/// A cluster of several processes as one of them sees it: the table in Redis says who is there, connections over loopback carry the
/// messages. Its own view changes only in <see cref="ApplyAsync"/>, one change at a time.
/// </summary>
internal sealed partial class NetworkCluster : ICluster
{
    private readonly RedisTable _table;
    private readonly EndpointOptions _endpoints;
    private readonly ClusterMembershipOptions _options;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;
    private readonly TcpTransport _transport;
    private readonly PartitionedDirectory _directory;
    private readonly ConcurrentDictionary<SiloAddress, SiloRow> _rows = new();
    private readonly SemaphoreSlim _applying = new(1, 1);
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SiloMonitor _monitor;
    private Node? _node;
    private ILocalSiloDetails? _self;
    private bool _isLeaving;
    private bool _isTableAway;

    public NetworkCluster(
        RedisTable table,
        ClusterOptions cluster,
        EndpointOptions endpoints,
        ClusterMembershipOptions options,
        IHostApplicationLifetime lifetime,
        ILogger logger)
    {
        _table = table;
        _endpoints = endpoints;
        _options = options;
        _lifetime = lifetime;
        _logger = logger;
        _transport = new TcpTransport(cluster, logger) { Met = OnMet, Lost = OnLost };
        _monitor = new SiloMonitor(_table, _transport, options, logger) { LastRowOf = silo => _rows.GetValueOrDefault(silo) };
        _directory = new PartitionedDirectory(silo => Membership.Snapshot.GetSiloStatus(silo) == SiloStatus.Dead);
        Membership.Changed += OnMemberChanged;
    }

    public MembershipTable Membership { get; } = new();

    public IGrainDirectory Directory => _directory;

    public ITransport Transport => _transport;

    public SiloAddress[] Gateways =>
        [.. Active().Where(silo => _rows[silo].GatewayPort != 0 && _transport.IsConnected(silo)).Order()];

    public SiloAddress[] SilosFor(GrainType type) =>
        [.. Active().Where(silo => _rows[silo].Grains.ContainsValue(type.ToString())).Order()];

    public GrainType? GrainTypeOf(Type interfaceType)
    {
        string name = InterfaceModel.NameOf(interfaceType);
        string? type = _rows.Values.Select(row => row.Grains.GetValueOrDefault(name)).FirstOrDefault(type => type is not null);
        return type is null ? null : GrainType.Create(type);
    }

    public async Task JoinAsync(ILocalSiloDetails details, SiloNode silo, CancellationToken cancellationToken)
    {
        _node = silo;
        _self = details;
        _transport.Attach(silo);
        _directory.Attach(silo);
        silo.Observers.AddRuntimePart(SiloMonitor.PartName, new SiloProbe());
        Listen(_endpoints.SiloPort);
        if (_endpoints.GatewayPort != 0)
        {
            Listen(_endpoints.GatewayPort);
        }

        await _table.ConnectAsync(WakeUp).ConfigureAwait(false);
        var row = SiloRow.New(details.Name, _endpoints.GatewayPort, GrainsOf(silo));
        await _table.SayAliveAsync(details.SiloAddress).ConfigureAwait(false);
        await _table.ChangeAsync(read => Joining(read, row)).ConfigureAwait(false);
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        _ = WatchTableAsync();
        _ = SayAliveAsync();
        await MeetAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task SetStatusAsync(ILocalSiloDetails details, SiloStatus status, CancellationToken cancellationToken)
    {
        _isLeaving |= status.IsTerminating();
        try
        {
            await _table.ChangeAsync(read => WithStatus(read, details.SiloAddress, status)).ConfigureAwait(false);
        }
        catch (Exception away) when (_isLeaving && away is RedisException or TimeoutException or OrleansException)
        {
            // A silo that goes while the table is away is found to be dead by the others.
            Log.TableAway(_logger, away);
        }

        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        if (status == SiloStatus.Dead)
        {
            // The last replies are still on their way.
            await _transport.DisposeAsync().ConfigureAwait(false);
        }
    }

    public ValueTask AbandonAsync(ILocalSiloDetails details)
    {
        _isLeaving = true;
        _stopping.Cancel();
        if (_node is not null)
        {
            _transport.Abort();
        }

        return default;
    }

    public async Task ConnectAsync(ClientNode client, CancellationToken cancellationToken)
    {
        _node = client;
        _transport.Attach(client);
        await _table.ConnectAsync(WakeUp).ConfigureAwait(false);
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        _ = WatchTableAsync();
    }

    public async ValueTask DisconnectAsync(ClientNode client)
    {
        if (_node is not null)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _transport.DisposeAsync().ConfigureAwait(false);
            client.IsOpen = false;
        }
    }

    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ApplyAsync(await _table.ReadAsync().ConfigureAwait(false)).ConfigureAwait(false);
            _isTableAway = false;
        }
        catch (Exception away) when (away is RedisException or TimeoutException)
        {
            // Who was there stays there until the table says otherwise.
            if (!_isTableAway)
            {
                Log.TableAway(_logger, away);
            }

            _isTableAway = true;
        }
        finally
        {
            _applying.Release();
        }
    }

    public async Task<bool> TryKillAsync(SiloAddress silo)
    {
        if (!_rows.ContainsKey(silo))
        {
            return false;
        }

        await _table.ChangeAsync(read => WithStatus(read, silo, SiloStatus.Dead)).ConfigureAwait(false);
        await RefreshAsync(default).ConfigureAwait(false);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_node is not null)
        {
            await _transport.DisposeAsync().ConfigureAwait(false);
        }

        await _table.DisposeAsync().ConfigureAwait(false);
    }

    private static Dictionary<string, string> GrainsOf(SiloNode silo)
    {
        Dictionary<string, string> grains = [];
        foreach ((GrainType type, Type grainClass) in silo.GrainClasses)
        {
            foreach (Type part in grainClass.GetInterfaces().Where(part => typeof(IGrain).IsAssignableFrom(part)))
            {
                grains[InterfaceModel.NameOf(part)] = type.ToString();
            }
        }

        return grains;
    }

    private void Listen(int port)
    {
        try
        {
            _transport.Listen(port);
        }
        catch (System.Net.Sockets.SocketException taken)
        {
            throw new InvalidOperationException($"the port {port} of the silo cannot be used ({taken.SocketErrorCode})", taken);
        }
    }

    private IEnumerable<SiloAddress> Active() =>
        Membership.Snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress);

    /// <summary>Waits until every active silo that shows life is connected; those that died without a word are found out meanwhile.</summary>
    private async Task MeetAsync(CancellationToken cancellationToken)
    {
        TimeSpan look = _options.ProbeTimeout / 10;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.MaxJoinAttemptTime);
        while (Active().FirstOrDefault(silo => !silo.Equals(_self!.SiloAddress) && !_transport.IsConnected(silo)) is { } missing)
        {
            try
            {
                await Task.Delay(look, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new OrleansException($"{_self!.SiloAddress} did not join within {_options.MaxJoinAttemptTime}: the active silo {missing} cannot be reached.");
            }
        }
    }

    private async Task WatchTableAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                TimeSpan pause = _isTableAway || LacksGateway() ? _options.ProbeTimeout : _options.TableRefreshTimeout;
                await _news.WaitAsync(pause, _stopping.Token).ConfigureAwait(false);
                await RefreshAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception failure)
            {
                // The watch must outlive whatever a table may hold.
                Log.RefreshFailed(_logger, failure);
            }
        }
    }

    private async Task SayAliveAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_options.IAmAliveTablePublishTimeout, _stopping.Token).ConfigureAwait(false);
                await _table.SayAliveAsync(_self!.SiloAddress).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception away) when (away is RedisException or TimeoutException)
            {
                // Said again at the next turn.
                Log.TableAway(_logger, away);
            }
        }
    }

    private bool LacksGateway() =>
        _self is null && Active().Any(silo => _rows[silo].GatewayPort != 0 && !_transport.IsConnected(silo));

    private void WakeUp()
    {
        try
        {
            _news.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is to wake up already.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The membership table did not answer; the cluster goes on with what it knows")]
        public static partial void TableAway(ILogger logger, Exception exception);

        [LoggerMessage(2, LogLevel.Error, "A look at the membership table failed")]
        public static partial void RefreshFailed(ILogger logger, Exception exception);

        [LoggerMessage(3, LogLevel.Critical, "The other silos have declared this silo, {Silo}, dead: it ends at once, so that none of its grains is active twice")]
        public static partial void DeclaredDead(ILogger logger, SiloAddress silo);

        [LoggerMessage(4, LogLevel.Information, "{Silo} is {Status}")]
        public static partial void MemberChanged(ILogger logger, SiloAddress silo, SiloStatus status);
    }
}
