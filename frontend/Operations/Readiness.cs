namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>
/// Whether clients should come here: there is a worker to send requests to, and the rehearsal is over. Anyone may ask, so the workers are
/// counted once, however many ask at a time, and the count is kept for a moment.
/// </summary>
internal sealed class Readiness(ReadyWorkers workers, Rehearsal rehearsal, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(500);

    // guards the two fields below, never held across the call
    private readonly Lock _latest = new();
    private Task<ModelReadiness[]>? _counted;
    private long _countedAt;

    public async Task<ReadinessReport> ReportAsync() =>
        new(await CountAsync().ConfigureAwait(false), IsRehearsing: !rehearsal.Ended.IsCompleted);

    private Task<ModelReadiness[]> CountAsync()
    {
        lock (_latest)
        {
            if (_counted is null || (_counted.IsCompleted && time.GetElapsedTime(_countedAt) > Lifetime))
            {
                _countedAt = time.GetTimestamp();
                _counted = workers.CountAsync();
            }

            return _counted;
        }
    }
}

/// <summary>Ready when at least one model has a ready worker, and the first requests have been rehearsed.</summary>
internal sealed record ReadinessReport(ModelReadiness[] Models, bool IsRehearsing)
{
    public bool IsReady => !IsRehearsing && HasWorker;

    /// <summary>What is missing, in sentences for whoever operates the cluster.</summary>
    public IEnumerable<string> Reasons
    {
        get
        {
            foreach (ModelReadiness model in Models.Where(model => model.Ready == 0))
            {
                yield return $"model '{model.Model}' has no ready worker ({model.Known} known)";
            }

            if (IsRehearsing && HasWorker)
            {
                yield return "the first requests are being rehearsed";
            }
        }
    }

    private bool HasWorker => Models.Any(model => model.Ready > 0);
}
