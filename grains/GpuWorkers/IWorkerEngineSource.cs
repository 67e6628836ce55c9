using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>Builds the engine of one worker; the silo host, which knows models and devices, implements it.</summary>
public interface IWorkerEngineSource
{
    /// <summary>
    /// Loads the model that <paramref name="worker"/> names onto its device. The engine comes back unstarted and belongs to the caller.
    /// Called off the activation's scheduler, because loading blocks for seconds to minutes.
    /// </summary>
    /// <exception cref="InvalidOperationException">This silo serves no such model, or has no such device.</exception>
    Task<WorkerEngine> CreateAsync(WorkerKey worker, IStepObserver observer, CancellationToken cancellationToken);
}

/// <param name="Engine">Not started yet.</param>
/// <param name="Model">What its answers depend on besides the requests.</param>
public sealed record WorkerEngine(InferenceEngine Engine, ServedForm Model);

/// <summary>The model as a worker computes it.</summary>
/// <param name="Version">SHA-256 of the model's source files in lower-case hex.</param>
/// <param name="Precision">See <see cref="StreamFacts"/>.</param>
/// <param name="Provider">See <see cref="StreamFacts"/>.</param>
public sealed record ServedForm(string Version, string Precision, string Provider);
