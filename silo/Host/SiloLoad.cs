using System.Collections.Concurrent;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Silo;

/// <summary>What the engines of this silo carry at the moment.</summary>
public sealed class SiloLoad
{
    private readonly ConcurrentDictionary<WorkerKey, InferenceEngine> _engines = [];

    /// <summary>Sequences that run or wait.</summary>
    public int OpenStreams => _engines.Values.Sum(engine => engine.Status.Running + engine.Status.Waiting);

    /// <summary>Sequences that have ever been admitted.</summary>
    public long StreamsBegun => _engines.Values.Sum(engine => engine.Status.Admitted);

    /// <summary>Positions of ended sequences that are kept for prompts which begin like them.</summary>
    public int ResidentTokens => _engines.Values.Sum(engine => engine.Status.ResidentTokens);

    internal IReadOnlyDictionary<WorkerKey, InferenceEngine> Engines => _engines;

    /// <summary>A worker that is activated anew brings a new engine.</summary>
    internal void Set(WorkerKey worker, InferenceEngine engine) => _engines[worker] = engine;
}
