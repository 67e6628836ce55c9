using System.Collections.Concurrent;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// The workers of this silo, which keep their engines for as long as the silo lives, whatever becomes of their grains: when a silo
/// leaves, the runtime deactivates the grains of the others whose entries in the directory were there, one in three of three silos.
/// </summary>
/// <remarks>
/// A stopping silo first sends its clients away from its gateway and then deactivates its grains: by then a worker cannot tell
/// frontends any more that it stops. So engines stop before that, as the first act of the silo's shutdown.
/// </remarks>
internal sealed class LocalWorkers(IGrainFactory grains, IOptions<GpuWorkerOptions> options, TimeProvider time, ILogger<ServingEngine> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly ConcurrentDictionary<WorkerKey, ServingEngine> _workers = [];

    public IEnumerable<ServingEngine> Serving => _workers.Values;

    /// <summary>The worker that every activation of its grain serves.</summary>
    public ServingEngine Of(WorkerKey worker) => _workers.GetOrAdd(worker, Create);

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(LocalWorkers), ServiceLifecycleStage.Active + 1, _ => Task.CompletedTask, cancellation => StopAllAsync(letFinish: true, cancellation));

    /// <summary>Engines that are left belong to a silo that was killed.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAllAsync(letFinish: false, CancellationToken.None);
        foreach (ServingEngine worker in _workers.Values)
        {
            worker.Dispose();
        }
    }

    private ServingEngine Create(WorkerKey worker)
    {
        var reporter = new WorkerReporter(worker, grains.GetGrain<IPromptCacheGrain>(RouterKey.Of(worker.Model)), time, logger);
        return new ServingEngine(reporter, options.Value, time, logger);
    }

    private Task StopAllAsync(bool letFinish, CancellationToken cancellationToken) =>
        Task.WhenAll(_workers.Values.Select(worker => worker.StopAsync(letFinish, cancellationToken)));
}
