using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>Counts the workers that there are to send requests to, as the routers see them.</summary>
internal sealed class ReadyWorkers(ModelCatalog catalog, IGrainFactory grains, IOptions<FrontendOptions> options, TimeProvider time)
{
    /// <summary>One count for each model on offer.</summary>
    public Task<ModelReadiness[]> CountAsync() => Task.WhenAll(catalog.Models.Select(CountAsync));

    private async Task<ModelReadiness> CountAsync(ServedModel model)
    {
        try
        {
            WorkerStatus[] workers = await grains
                .GetGrain<IPromptCacheGrain>(RouterKey.Of(model.Name))
                .GetWorkersAsync()
                .WaitAsync(options.Value.ReadinessTimeout, time)
                .ConfigureAwait(false);
            return new ModelReadiness(model.Name, workers.Count(worker => worker.State == WorkerState.Ready), workers.Length);
        }
        catch (Exception e) when (UnansweredCall.Is(e) || e is ArgumentException)
        {
            // an unreachable router is an answer, not a failure of whoever counts; the last one says that no silo has such grains yet
            return new ModelReadiness(model.Name, 0, 0);
        }
    }
}

/// <param name="Ready">Workers that take requests.</param>
/// <param name="Known">Workers that the router knows.</param>
internal sealed record ModelReadiness(string Model, int Ready, int Known);
