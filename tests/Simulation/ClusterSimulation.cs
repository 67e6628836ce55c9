using System.Diagnostics;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;
using Trace = DeepSeekOrleans.Simulation.Workload.Trace;

namespace DeepSeekOrleans.Simulation;

/// <summary>
/// A trace, a router and its workers in virtual time. The router is the product's: the same pool, policies, index and reports, once a
/// second from each worker. Only the workers are simulated.
/// </summary>
internal sealed class ClusterSimulation
{
    private readonly Trace _trace;
    private readonly SimulatedWorker[] _workers;
    private readonly Dictionary<WorkerKey, int> _byKey;
    private readonly WorkerPool _pool;
    private readonly PriorityQueue<(int Worker, long Version), double> _changes = new();
    private readonly List<SimulatedSequence> _ended = [];
    private readonly RunMeasurements _measured = new();
    private long _reportsSent;

    public ClusterSimulation(Trace trace, WorkerCosts costs, IRoutingPolicy policy)
    {
        _trace = trace;
        _workers = [.. Enumerable.Range(0, trace.Workers).Select(i => new SimulatedWorker(new WorkerKey($"silo{i}", "gpu0", "model"), costs, trace.BlockTokens))];
        _byKey = Enumerable.Range(0, _workers.Length).ToDictionary(i => _workers[i].Key);
        _pool = new WorkerPool(policy, trace.BlockTokens, TimeSpan.FromSeconds(5), TimeProvider.System);
    }

    public RunMeasurements Run()
    {
        Array.ForEach(_workers, worker => _pool.Report(worker.Report()));
        long number = 0;
        foreach (TracedRequest request in _trace.Requests)
        {
            PassTo(request.At);
            Route(request, ++number);
        }

        _measured.ArrivalsEnd(_workers.Select(worker => worker.SequenceSeconds));
        while (_changes.TryPeek(out _, out double at))
        {
            PassTo(at);
        }

        return _measured;
    }

    /// <summary>Everything up to a moment: reports and what happens on workers, in the order of time.</summary>
    private void PassTo(double now)
    {
        while (true)
        {
            double change = _changes.TryPeek(out _, out double at) ? at : double.PositiveInfinity;
            double report = (_reportsSent + 1) / (double)_workers.Length;
            if (Math.Min(change, report) > now)
            {
                return;
            }

            if (report < change)
            {
                SendReports(_workers[_reportsSent++ % _workers.Length], report);
            }
            else
            {
                (int worker, long version) = _changes.Dequeue();
                Change(worker, version, change);
            }
        }
    }

    private void Change(int index, long version, double now)
    {
        SimulatedWorker worker = _workers[index];
        if (worker.Version != version)
        {
            return;
        }

        worker.Advance(now);
        _ended.Clear();
        worker.Settle(_ended);
        foreach (SimulatedSequence sequence in _ended)
        {
            _measured.Ended(sequence);
            _pool.Release(sequence.Attempt, worker.Key, answered: true);
        }

        Watch(index);
    }

    private void SendReports(SimulatedWorker worker, double now)
    {
        worker.Advance(now);
        _pool.Report(worker.Report());
        if (worker.ReportPrefixes() is { } prefixes)
        {
            _pool.ReportPrefixes(prefixes);
        }
    }

    private void Route(TracedRequest request, long number)
    {
        var sequence = new SimulatedSequence(request, new Attempt("simulated", number, 1));
        long start = Stopwatch.GetTimestamp();
        Booking booking = _pool.Book(sequence.Attempt, request.Blocks, request.PromptTokens);
        _measured.Routed(Stopwatch.GetElapsedTime(start));
        if (booking.Kind != DispatchKind.Run)
        {
            _measured.Refused();
            return;
        }

        int index = _byKey[booking.Worker];
        if (_workers[index].Submit(sequence, request.At))
        {
            Watch(index);
        }
        else
        {
            _pool.Release(sequence.Attempt, booking.Worker, answered: false);
            _measured.Refused();
        }
    }

    private void Watch(int index)
    {
        SimulatedWorker worker = _workers[index];
        if (double.IsFinite(worker.NextChange))
        {
            _changes.Enqueue((index, worker.Version), worker.NextChange);
        }
    }
}
