using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// The door of a worker: the engine behind it steps on its own thread, the pump carries its tokens away, and both stay when the
/// activation goes (<see cref="LocalWorkers"/>). Reentrant, because loading takes minutes and a start that comes meanwhile is to be
/// refused at once.
/// </summary>
[Reentrant, KeepAlive, SiloNamedPlacement, AnyGateway]
internal sealed partial class GpuWorkerGrain : Grain, IGpuWorkerGrain
{
    private readonly IWorkerEngineSource _source;
    private readonly ILogger<GpuWorkerGrain> _logger;
    private readonly WorkerKey _key;
    private readonly ServingEngine _serving;

    public GpuWorkerGrain(IWorkerEngineSource source, LocalWorkers local, ILogger<GpuWorkerGrain> logger)
    {
        _source = source;
        _logger = logger;
        _key = WorkerKey.Parse(this.GetPrimaryKeyString());
        _serving = local.Of(_key);
    }

    public async Task<WorkerStatus> LoadAsync(CancellationToken cancellationToken)
    {
        // a caller that goes away does not stop the load for the others
        await _serving.LoadAsync(_source).WaitAsync(cancellationToken);
        return _serving.Status;
    }

    public Task<StartReply> StartAsync(Attempt attempt, GenerationOrder order, ITokenObserver observer) =>
        _serving.StartAsync(attempt, order, observer);

    public Task CancelAsync(Attempt attempt)
    {
        _serving.Cancel(attempt);
        return Task.CompletedTask;
    }

    public Task<WorkerStatus> GetStatusAsync() => Task.FromResult(_serving.Status);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Log.Deactivated(_logger, _key, reason.ReasonCode);
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The grain of worker {Worker} was deactivated: {Reason}")]
        public static partial void Deactivated(ILogger logger, WorkerKey worker, DeactivationReasonCode reason);
    }
}
