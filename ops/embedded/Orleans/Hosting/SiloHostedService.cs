using DeepSeekOrleans.Embedded.Lifecycle;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>Starts and stops the silo with its host.</summary>
internal sealed partial class SiloHostedService : IHostedService
{
    private readonly SiloRuntime _silo;
    private readonly SiloLifecycle _lifecycle;
    private readonly IEnumerable<ILifecycleParticipant<ISiloLifecycle>> _participants;
    private ITimer? _collector;
    private bool _hasStopped;

    public SiloHostedService(
        SiloRuntime silo,
        SiloLifecycle lifecycle,
        IEnumerable<ILifecycleParticipant<ISiloLifecycle>> participants)
    {
        _silo = silo;
        _lifecycle = lifecycle;
        _participants = participants;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _lifecycle.Subscribe("Join", ServiceLifecycleStage.RuntimeInitialize, Join, Leave);
        _lifecycle.Subscribe("Deactivation", ServiceLifecycleStage.GrainDeactivation, _ => Task.CompletedTask, _silo.Node.Catalog.DeactivateAllAsync);
        _lifecycle.Subscribe("BecomeActive", ServiceLifecycleStage.BecomeActive, BecomeActive, BeginStop);
        foreach (ILifecycleParticipant<ISiloLifecycle> participant in _participants)
        {
            participant.Participate(_lifecycle);
        }

        try
        {
            await _lifecycle.StartAsync(cancellationToken).ConfigureAwait(false);
            Log.Started(_silo.Node.Logger, _silo.Details.Name, _silo.Details.SiloAddress);
        }
        catch
        {
            // A silo that has not started may not stay in the membership: others would send to it.
            await KillAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A cancelled token means that there is no time left: the silo goes as if it had crashed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_hasStopped)
        {
            return;
        }

        _hasStopped = true;
        if (cancellationToken.IsCancellationRequested)
        {
            await KillAsync().ConfigureAwait(false);
        }

        try
        {
            await _lifecycle.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AggregateException failures)
        {
            Log.StopFailed(_silo.Node.Logger, failures);
        }
        finally
        {
            await KillAsync().ConfigureAwait(false);
        }
    }

    private Task Join(CancellationToken cancellationToken) =>
        _silo.Cluster.JoinAsync(_silo.Details, _silo.Node, cancellationToken);

    private async Task BecomeActive(CancellationToken cancellationToken)
    {
        await _silo.SetStatusAsync(SiloStatus.Active, cancellationToken).ConfigureAwait(false);
        TimeSpan quantum = _silo.Node.Collection.CollectionQuantum;
        _collector = _silo.Node.Time.CreateDetachedTimer(_silo.Node.Catalog.CollectIdle, quantum, quantum);
    }

    private Task BeginStop(CancellationToken cancellationToken)
    {
        _collector?.Dispose();
        return SetUnlessKilledAsync(SiloStatus.ShuttingDown, cancellationToken);
    }

    private Task Leave(CancellationToken cancellationToken) => SetUnlessKilledAsync(SiloStatus.Dead, cancellationToken);

    private Task SetUnlessKilledAsync(SiloStatus status, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.CompletedTask : _silo.SetStatusAsync(status, cancellationToken);

    private async Task KillAsync()
    {
        _collector?.Dispose();
        await _silo.Cluster.AbandonAsync(_silo.Details).ConfigureAwait(false);
        _silo.Node.Kill();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The silo {Name} started at {Address}")]
        public static partial void Started(ILogger logger, string name, SiloAddress address);

        [LoggerMessage(2, LogLevel.Warning, "The silo stopped, and some of its parts failed to")]
        public static partial void StopFailed(ILogger logger, Exception exception);
    }
}
