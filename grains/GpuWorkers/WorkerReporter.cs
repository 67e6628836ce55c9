using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>Says how the worker does, and tells the router. May be used from any thread; a report that overtakes another one has the higher number.</summary>
internal sealed partial class WorkerReporter(WorkerKey worker, IPromptCacheGrain router, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RouterLimit = TimeSpan.FromSeconds(1);

    private readonly PrefixReporter _prefixes = new(worker, router, time, logger);

    // the clock makes the numbers higher than those of a silo of the same name before
    private long _lastNumber = time.GetUtcNow().UtcTicks;
    private volatile WorkerEngine? _loaded;
    private volatile bool _draining;
    private bool _failed;
    private int _reportedFull;

    public WorkerKey Worker => worker;

    public void Loaded(WorkerEngine loaded) => _loaded = loaded;

    public void Draining() => _draining = true;

    /// <summary>The worker takes no part any more in the life of this silo. True for the first such word.</summary>
    public bool Failed() => !Interlocked.Exchange(ref _failed, true);

    public WorkerStatus Status()
    {
        WorkerEngine? loaded = _loaded;
        EngineStatus? engine = loaded?.Engine.Status;
        return new WorkerStatus
        {
            Worker = worker,
            State = StateOf(engine),
            Number = Interlocked.Increment(ref _lastNumber),
            Running = engine?.Running ?? 0,
            Waiting = engine?.Waiting ?? 0,
            QueuedTokens = engine?.QueuedTokens ?? 0,
            PrefillCost = engine?.PrefillCost.TotalSeconds ?? 0,
            DecodeCost = engine?.DecodeCost.TotalSeconds ?? 0,
            Slots = engine?.Slots ?? 0,
            QueueLimit = engine?.QueueLimit ?? 0,
            ContextLength = engine?.ContextLength ?? 0,
            ModelVersion = loaded?.Model.Version ?? "",
        };
    }

    /// <summary>A report that cannot be sent is left out: the next one follows within a second, and a dead silo leaves the membership.</summary>
    public async Task<WorkerStatus> ReportAsync()
    {
        WorkerStatus status = Status();
        Interlocked.Exchange(ref _reportedFull, IsFull(status) ? 1 : 0);
        try
        {
            await router.ReportAsync(status);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.NotReported(logger, e, worker);
        }

        return status;
    }

    /// <summary>Whether the router knows another worker that takes streams of this model; false also when it does not answer.</summary>
    public async Task<bool> HasSuccessorAsync()
    {
        try
        {
            WorkerStatus[] workers = await router.GetWorkersAsync().WaitAsync(RouterLimit, time);
            return workers.Any(other => other.Worker != worker && other.State == WorkerState.Ready);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.RouterSilent(logger, e, worker);
            return false;
        }
    }

    /// <summary>Tells the router which prefixes the worker holds; one call at a time.</summary>
    public Task ReportPrefixesAsync() => _loaded is { } loaded ? _prefixes.ReportAsync(loaded.Engine) : Task.CompletedTask;

    /// <summary>Reports when the worker has become full or has room again since the last report.</summary>
    public Task ReportIfRoomChangedAsync()
    {
        bool full = IsFull(Status());
        return full == (Volatile.Read(ref _reportedFull) == 1) ? Task.CompletedTask : ReportAsync();
    }

    private static bool IsFull(WorkerStatus status) => status.Running + status.Waiting >= status.Slots + status.QueueLimit;

    private WorkerState StateOf(EngineStatus? engine) => engine switch
    {
        _ when Volatile.Read(ref _failed) => WorkerState.Unhealthy,
        { Faulted: true } or { Stalled: true } => WorkerState.Unhealthy,
        _ when _draining => WorkerState.Draining,

        // its streams stay, which the engine takes up again, and new ones go elsewhere
        { Rebuilding: true } => WorkerState.Loading,
        null => WorkerState.Loading,
        _ => WorkerState.Ready,
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} could not report to its router")]
        public static partial void NotReported(ILogger logger, Exception exception, WorkerKey worker);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The router did not tell worker {Worker} who could take its streams up")]
        public static partial void RouterSilent(ILogger logger, Exception exception, WorkerKey worker);
    }
}
