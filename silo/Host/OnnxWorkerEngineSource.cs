using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Silo;

/// <summary>Builds engines over ONNX Runtime from this silo's prepared models.</summary>
internal sealed class OnnxWorkerEngineSource(
    IOptions<SiloHostOptions> silo,
    IOptions<EngineOptions> engine,
    IOptions<OnnxRunnerOptions> onnx,
    SiloLoad load,
    TimeProvider time,
    ILoggerFactory loggers)
    : IWorkerEngineSource
{
    /// <inheritdoc/>
    public Task<WorkerEngine> CreateAsync(WorkerKey worker, IStepObserver observer, CancellationToken cancellationToken)
    {
        ServedModel model = silo.Value.Models.FirstOrDefault(model => model.Name == worker.Model)
            ?? throw new InvalidOperationException($"silo '{silo.Value.Name}' serves no model '{worker.Model}'");
        if (!silo.Value.EffectiveDevices.Contains(worker.Device))
        {
            throw new InvalidOperationException($"silo '{silo.Value.Name}' has no device '{worker.Device}'");
        }

        if (PrecisionSupport.ServingProblem(onnx.Value.Provider, model.Precision) is { } problem)
        {
            throw new InvalidOperationException($"model '{model.Name}': {problem}");
        }

        if (engine.Value.Speculation != EngineOptions.SpeculationOff && !model.Precision.EndsWith(ModelManifest.Int8KvCache, StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                $"model '{model.Name}': {EngineOptions.Section}:{nameof(EngineOptions.Speculation)} needs an int8 KV cache, because a draft cannot be verified exactly without one");
        }

        // the text side first: it is read in milliseconds, so that a directory without a tokenizer is refused before weights are loaded
        var language = ModelLanguage.Load(model.Directory);
        cancellationToken.ThrowIfCancellationRequested();
        IModelRunner LoadRunner() => OnnxModel.Load(model.Directory, onnx.Value);
        var inference = new InferenceEngine(
            LoadRunner(), language.Tokenizer, observer, engine.Value, time, loggers.CreateLogger<InferenceEngine>())
        {
            RunnerFactory = LoadRunner,
        };
        load.Set(worker, inference);
        return Task.FromResult(new WorkerEngine(inference, new ServedForm(model.Version, model.Precision, onnx.Value.Provider)));
    }
}
