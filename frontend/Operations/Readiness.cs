using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>
/// Whether there is a worker to send requests to, as the routers see it. Anyone may ask, so the answer is kept for a moment and
/// asked for once, however many ask at a time.
/// </summary>
internal sealed class Readiness(ModelCatalog catalog, IGrainFactory grains, IOptions<FrontendOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(500);

    // guards the two fields below, never held across the call
    private readonly Lock _latest = new();
    private Task<ReadinessReport>? _report;
    private long _askedAt;

    public Task<ReadinessReport> ReportAsync()
    {
        lock (_latest)
        {
            if (_report is null || (_report.IsCompleted && time.GetElapsedTime(_askedAt) > Lifetime))
            {
                _askedAt = time.GetTimestamp();
                _report = AskAsync();
            }

            return _report;
        }
    }

    private async Task<ReadinessReport> AskAsync()
    {
        ModelReadiness[] models = await Task.WhenAll(catalog.Models.Select(AskAsync)).ConfigureAwait(false);
        return new ReadinessReport(models);
    }

    private async Task<ModelReadiness> AskAsync(ServedModel model)
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
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // an unreachable router is an answer, not a failure of this probe
            return new ModelReadiness(model.Name, 0, 0);
        }
    }
}

/// <param name="Ready">Workers that take requests.</param>
/// <param name="Known">Workers that the router knows.</param>
internal sealed record ModelReadiness(string Model, int Ready, int Known);

/// <summary>Ready when at least one model has a ready worker.</summary>
internal sealed record ReadinessReport(ModelReadiness[] Models)
{
    public bool IsReady => Models.Any(model => model.Ready > 0);

    public string[] Reasons =>
        [.. Models.Where(model => model.Ready == 0).Select(model => $"model '{model.Model}' has no ready worker ({model.Known} known)")];
}
