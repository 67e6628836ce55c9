using System.Collections.Concurrent;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.Silo;

/// <summary>How each worker of this silo does: whether it has loaded, and whether its engine makes progress. It asks nobody outside.</summary>
public sealed class SiloHealth(SiloLoad load, IHostApplicationLifetime lifetime)
{
    private readonly ConcurrentDictionary<WorkerKey, WorkerHealth> _workers = [];

    /// <summary>Every worker that this silo is to have, once the silo has started.</summary>
    public IReadOnlyList<WorkerHealth> Workers =>
        [.. _workers.Values.Select(Now).OrderBy(worker => worker.Worker.ToString(), StringComparer.Ordinal)];

    /// <summary>True when all workers have loaded and make progress, until the silo begins to stop.</summary>
    public bool IsReady => !IsStopping && !_workers.IsEmpty && Workers.All(worker => worker.State == WorkerState.Ready);

    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>
    /// Engines that nothing but a new process will help; see <see cref="EngineStatus.NeedsRestart"/>. A busy engine is none, and a
    /// worker that could not load is none either: it would not load again.
    /// </summary>
    public IReadOnlyList<WorkerKey> Stuck => [.. load.Engines.Where(engine => engine.Value.Status.NeedsRestart).Select(engine => engine.Key)];

    internal void Set(WorkerHealth health) => _workers[health.Worker] = health;

    private WorkerHealth Now(WorkerHealth loaded) =>
        loaded.State != WorkerState.Ready || !load.Engines.TryGetValue(loaded.Worker, out InferenceEngine? engine) ? loaded
        : engine.Status switch
        {
            { Faulted: true } => loaded with { State = WorkerState.Unhealthy, Problem = "its engine broke and could not be built anew" },
            { Stalled: true } => loaded with { State = WorkerState.Unhealthy, Problem = "its engine makes no progress" },
            { Rebuilding: true } => loaded with { State = WorkerState.Loading, Problem = "its engine is being built anew" },
            _ => loaded,
        };
}

/// <param name="Worker">The worker's key.</param>
/// <param name="State">Loading, Ready or Unhealthy.</param>
/// <param name="Problem">For the operator: why the worker is not ready; null otherwise, and while it loads for the first time.</param>
public sealed record WorkerHealth(WorkerKey Worker, WorkerState State, string? Problem);
