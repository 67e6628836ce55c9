using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeepSeekOrleans.Silo.Contracts;

/// <summary>
/// Keeps this silo out of a cluster that speaks another version of the contract: it is asked before the silo joins, and for as long as the
/// silo runs it says that its version is in use. Of two versions that met because Redis had lost the register, the later one leaves.
/// Without Redis there is nothing to ask: then all silos are hosts of one process, and of one build.
/// </summary>
public sealed partial class ContractClaim : BackgroundService
{
    // a silo that was lost from the register is back in it before a person could have started another build
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    // a silo that drains has five seconds for everything
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromMilliseconds(300);

    private readonly SiloHostOptions _silo;
    private readonly ContractVersion _version;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ContractRegister? _register;

    // a name may be used again while its last silo still counts
    private readonly string _entry;
    private long _since;
    private long _askedAt;
    private int _stopped;

    public ContractClaim(
        IOptions<SiloHostOptions> silo, ContractVersion version, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ContractClaim> logger)
    {
        _silo = silo.Value;
        _version = version;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
        _register = _silo.Redis.Length == 0 ? null : new ContractRegister(_silo.Redis, _silo.ClusterId);
        _entry = $"{_silo.Name}/{Guid.NewGuid():N}";
    }

    /// <summary>Why the silo stopped by itself; null as long as it need not.</summary>
    public ContractMismatchException? Refusal { get; private set; }

    /// <exception cref="ContractMismatchException">The cluster speaks another version.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_register is null)
        {
            return;
        }

        try
        {
            await ClaimAsync(_register, cancellationToken);
        }
        catch (Exception away) when (away is RedisException or TimeoutException)
        {
            throw new InvalidOperationException("the Redis server that names the silos (Silo:Redis) does not answer, so the silo cannot find its cluster", away);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>The silo has left the cluster by now.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);

        // a host that stops by itself while it is told to stop does so twice
        if (_register is null || Interlocked.Exchange(ref _stopped, 1) == 1)
        {
            return;
        }

        try
        {
            await _register.ReleaseAsync(_entry).WaitAsync(ReleaseLimit, _time, cancellationToken);
        }
        catch (Exception away) when (away is RedisException or TimeoutException or OperationCanceledException)
        {
            // the entry ends by itself
            Log.NotAsked(_logger, away);
        }

        await _register.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await ClaimAsync(_register!, stoppingToken).ConfigureAwait(false);
            }
            catch (ContractMismatchException refusal)
            {
                Refusal = refusal;
                Log.Leaving(_logger, refusal.Message);
                _lifetime.StopApplication();
                return;
            }
            catch (Exception away) when (away is RedisException or TimeoutException)
            {
                // nobody else gets an answer either
                Log.NotAsked(_logger, away);
            }
        }
    }

    private async Task ClaimAsync(ContractRegister register, CancellationToken cancellationToken)
    {
        // who was frozen for so long may have been replaced, and is no older than what has replaced it
        if (_time.GetElapsedTime(_askedAt) > ContractRegister.EntryLife)
        {
            _since = 0;
        }

        _askedAt = _time.GetTimestamp();
        (int spoken, _since) = await register.ClaimAsync(_entry, _version.Number, _since).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (spoken != _version.Number)
        {
            throw new ContractMismatchException(
                $"this silo speaks version {_version.Number} of the grain contract and the cluster '{_silo.ClusterId}' speaks version {spoken}, so it does not join: "
                + $"start it from the build that the others run, or stop them first (one that was killed counts for {ContractRegister.EntryLife.TotalSeconds:0} seconds more)");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The silo leaves: {Reason}")]
        public static partial void Leaving(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The register of contract versions was not reached")]
        public static partial void NotAsked(ILogger logger, Exception exception);
    }
}
