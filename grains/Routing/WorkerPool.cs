using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// The workers of one model as their reports describe them. All of it is soft: a report sets a worker's load right again once a
/// second, whatever was booked, completed or lost in between.
/// </summary>
/// <param name="blockTokens">Tokens in a block of the names that requests and reports use.</param>
internal sealed class WorkerPool(IRoutingPolicy policy, int blockTokens, TimeSpan reportLifetime, TimeProvider time)
{
    private readonly Dictionary<WorkerKey, WorkerView> _workers = [];
    private readonly WorkerTable _table = new(policy.Rank);
    private readonly PrefixReports _prefixes = new(blockTokens);
    private readonly BookedPrefixes _booked = new();
    private readonly Newcomers _newcomers = new();
    private readonly long _createdAt = time.GetTimestamp();
    private long _bookings;

    public bool IsEmpty => _workers.Count == 0;

    public IEnumerable<WorkerStatus> Trusted => _workers.Values.Where(worker => worker.Trusted).Select(worker => worker.Status);

    /// <summary>Takes a report in; one that has been overtaken by a newer one is dropped.</summary>
    public void Report(WorkerStatus status)
    {
        if (!_workers.TryGetValue(status.Worker, out WorkerView? worker))
        {
            worker = new WorkerView(_table.NextId, status);
            _workers.Add(status.Worker, worker);
            _table.Add(worker);
            Introduce(worker);
        }
        else if (status.Number > worker.Status.Number)
        {
            bool isBack = status.State == WorkerState.Ready && worker.Status.State != WorkerState.Ready;
            worker.Report(status);
            _table.Update(worker);
            if (isBack)
            {
                Introduce(worker);
            }
        }
        else
        {
            return;
        }

        worker.HeardAt = time.GetTimestamp();
    }

    /// <summary>Takes in what a worker's slots hold, unless a report before it is missing.</summary>
    /// <returns>The change up to which that worker's prefixes are known; see <see cref="IPromptCacheGrain.ReportPrefixesAsync"/>.</returns>
    public long ReportPrefixes(PrefixReport report) =>
        _workers.TryGetValue(report.Worker, out WorkerView? worker) ? _prefixes.Take(worker.Id, report) : 0;

    /// <summary>Forgets the workers of silos that have left, and those that have fallen silent.</summary>
    public void Prune(Func<string, bool> siloIsActive)
    {
        foreach (WorkerView worker in _workers.Values)
        {
            // removing while enumerating is allowed for this dictionary
            if (!siloIsActive(worker.Status.Worker.Silo) || time.GetElapsedTime(worker.HeardAt) > reportLifetime)
            {
                Forget(worker);
            }
        }
    }

    /// <summary>Books room on the worker that the policy chooses.</summary>
    /// <param name="blocks">The names of the prompt's prefixes; see <see cref="SessionRequest.PrefixChain"/>.</param>
    public Booking Book(Attempt attempt, ulong[] blocks, int promptTokens)
    {
        if (_table.Open.Count == 0)
        {
            // a distrusted worker may merely have refused because it was full: the client should come back rather than give up
            bool anyReady = _workers.Values.Any(worker => worker.Status.State == WorkerState.Ready);
            return new Booking(anyReady ? DispatchKind.Busy : DispatchKind.NoWorker, default, 0);
        }

        var query = new RouteQuery(blocks, promptTokens, blockTokens);
        WorkerView chosen = _newcomers.Owed(_table, _bookings) ?? policy.Choose(query, _table, _prefixes.Index);
        int left = query.TokensLeft(_prefixes.Index.HeldBy(chosen.Id, blocks));
        chosen.Book(left, ++_bookings);
        _newcomers.Booked(chosen);
        _table.Update(chosen);
        _booked.Expect(chosen, attempt, blocks, left, _prefixes.Index);
        return new Booking(DispatchKind.Run, chosen.Status.Worker, promptTokens - left);
    }

    /// <summary>Gives a booking back.</summary>
    /// <param name="answered">False when the worker was not reached, refused, or fell silent.</param>
    public void Release(Attempt attempt, WorkerKey key, bool answered)
    {
        if (!_workers.TryGetValue(key, out WorkerView? worker))
        {
            return;
        }

        worker.Release(_booked.Settle(worker, attempt, _prefixes.Index));
        if (!answered)
        {
            worker.Distrust();
        }

        _table.Update(worker);
    }

    /// <summary>Whether the worker is believed to take requests and to bring the ones it has to their end.</summary>
    public bool Serves(WorkerKey key) => _workers.TryGetValue(key, out WorkerView? worker) && worker.Serves;

    /// <summary>Chooses the worker for nothing more until it has reported.</summary>
    public void Distrust(WorkerKey key)
    {
        if (_workers.TryGetValue(key, out WorkerView? worker))
        {
            worker.Distrust();
            _table.Update(worker);
        }
    }

    /// <summary>To a router that has just been activated all workers are new, and none of them to the cluster: each reports within half a lifetime.</summary>
    private void Introduce(WorkerView worker)
    {
        if (time.GetElapsedTime(_createdAt) > reportLifetime / 2)
        {
            _newcomers.Add(worker, _bookings);
        }
    }

    private void Forget(WorkerView worker)
    {
        _newcomers.Forget(worker);
        _workers.Remove(worker.Status.Worker);
        _table.Remove(worker);
        _booked.Forget(worker);
        _prefixes.Forget(worker.Id);
    }
}

/// <param name="Kind">Run, Busy or NoWorker.</param>
/// <param name="Worker">Set for Run.</param>
/// <param name="CachedTokens">Prompt tokens that the worker is believed to hold already.</param>
internal readonly record struct Booking(DispatchKind Kind, WorkerKey Worker, int CachedTokens);
