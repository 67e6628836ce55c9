using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DeepSeekOrleans.Silo;

/// <summary>Loads the silo's workers once the silo is active. One that fails leaves the others, and the process, alone.</summary>
internal sealed partial class WorkerStartup(
    IGrainFactory grains, IOptions<SiloHostOptions> options, SiloHealth health, ILogger<WorkerStartup> logger) : IStartupTask
{
    public Task Execute(CancellationToken cancellationToken)
    {
        SiloHostOptions silo = options.Value;
        IEnumerable<WorkerKey> workers =
            from device in silo.EffectiveDevices
            from model in silo.Models
            select new WorkerKey(silo.Name, device, model.Name);
        return Task.WhenAll(workers.Select(worker => LoadAsync(worker, cancellationToken)));
    }

    private async Task LoadAsync(WorkerKey worker, CancellationToken cancellationToken)
    {
        health.Set(new WorkerHealth(worker, WorkerState.Loading, Problem: null));
        try
        {
            WorkerStatus status = await grains.GetGrain<IGpuWorkerGrain>(worker.ToString()).LoadAsync(cancellationToken);
            health.Set(new WorkerHealth(worker, status.State, Problem: null));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // the boundary of a worker: whatever is wrong with its model or device concerns nobody else
            health.Set(new WorkerHealth(worker, WorkerState.Unhealthy, e.Message));
            Log.NotLoaded(logger, e, worker);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Worker {Worker} could not be loaded")]
        public static partial void NotLoaded(ILogger logger, Exception exception, WorkerKey worker);
    }
}
