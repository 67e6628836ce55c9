using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Simulation.Workload;

namespace DeepSeekOrleans.Simulation;

/// <summary>
/// What a booking costs the router's processor: its own classes alone in a process, without the simulation that else shares the caches
/// and the collector with it. Requests end in the order they came, and each leaves its prefix in the next slot of its worker.
/// </summary>
internal sealed class RoutingCost(Trace trace, IRoutingPolicy policy)
{
    private const int Batch = 1_000;
    private const int OpenPerWorker = 12;
    private const int Slots = 128;

    private readonly WorkerPool _pool = new(policy, trace.BlockTokens, TimeSpan.FromSeconds(5), TimeProvider.System);
    private readonly WorkerKey[] _keys = [.. Enumerable.Range(0, trace.Workers).Select(i => new WorkerKey($"silo{i}", "gpu0", "model"))];
    private readonly Queue<(Attempt Attempt, int Worker, ulong[] Blocks)> _open = new();
    private readonly (long Changes, int Running, long Reports)[] _workers = new (long, int, long)[trace.Workers];

    /// <summary>Processor time of a booking in microseconds, the collector's included: the median of batches, and the mean of all.</summary>
    public (double Median, double Mean) Measure()
    {
        Dictionary<WorkerKey, int> numbers = Enumerable.Range(0, _keys.Length).ToDictionary(i => _keys[i]);
        Report();
        List<double> batches = [];
        Booking[] bookings = new Booking[Batch];
        Attempt[] attempts = new Attempt[Batch];
        for (int start = 0; start + Batch <= trace.Requests.Length; start += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                attempts[i] = new Attempt("measured", start + i, 1);
            }

            TimeSpan before = Environment.CpuUsage.TotalTime;
            for (int i = 0; i < Batch; i++)
            {
                TracedRequest request = trace.Requests[start + i];
                bookings[i] = _pool.Book(attempts[i], request.Blocks, request.PromptTokens);
            }

            batches.Add((Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Batch);
            for (int i = 0; i < Batch; i++)
            {
                int worker = numbers[bookings[i].Worker];
                _workers[worker].Running++;
                _open.Enqueue((attempts[i], worker, trace.Requests[start + i].Blocks));
            }

            EndOldest();
            Report();
        }

        // the first requests meet an empty index
        double[] warm = [.. batches.Skip(batches.Count / 2).Order()];
        return (warm[warm.Length / 2], warm.Average());
    }

    private void EndOldest()
    {
        while (_open.Count > OpenPerWorker * _keys.Length)
        {
            (Attempt attempt, int worker, ulong[] blocks) = _open.Dequeue();
            _pool.Release(attempt, _keys[worker], answered: true);
            _workers[worker].Running--;
            long since = _workers[worker].Changes++;
            _pool.ReportPrefixes(new PrefixReport
            {
                Worker = _keys[worker],
                Epoch = 1,
                Since = since,
                UpTo = since + 1,
                BlockTokens = trace.BlockTokens,
                Slots = [new SlotPrefix((int)(since % Slots), blocks)],
            });
        }
    }

    private void Report()
    {
        for (int worker = 0; worker < _keys.Length; worker++)
        {
            _pool.Report(new WorkerStatus
            {
                Worker = _keys[worker],
                State = WorkerState.Ready,
                Number = ++_workers[worker].Reports,
                Running = _workers[worker].Running,
                Waiting = 0,
                Slots = 1_024,
                QueueLimit = 256,
                ContextLength = 1_000_000,
                ModelVersion = "simulated",
                QueuedTokens = 1_000 * _workers[worker].Running,
                PrefillCost = 40e-6,
                DecodeCost = 17e-6,
            });
        }
    }
}
