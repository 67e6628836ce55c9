using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Simulation.Tests;

/// <summary>
/// Users who talk to a cluster in virtual time: each sends the whole conversation so far, waits for the answer, thinks, and speaks again.
/// The router is the product's, and workers can come and go meanwhile.
/// </summary>
internal sealed class Conversations
{
    private const int BlockTokens = 64;
    private const int TurnTokens = 192;
    private const int OutputTokens = 100;
    private const int MostTurns = 16;
    private static readonly TimeSpan ReportLifetime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly WorkerCosts _costs;
    private readonly FakeTimeProvider _time = new();
    private readonly WorkerPool _pool;
    private readonly Random _random;
    private readonly Dictionary<string, SimulatedWorker> _workers = [];
    private readonly List<User> _users;
    private readonly List<SimulatedSequence> _ended = [];
    private readonly Dictionary<long, (User User, WorkerKey Worker)> _underWay = [];
    private double _now;
    private long _requests;

    public Conversations(WorkerCosts costs, int users, double thinkSeconds, int seed)
    {
        _costs = costs;
        _random = new Random(seed);
        _pool = new WorkerPool(new PrefixAwarePolicy(new Random(seed)), BlockTokens, ReportLifetime, _time);
        _users = [.. Enumerable.Range(0, users).Select(_ => new User(thinkSeconds) { SpeaksAt = _random.NextDouble() * (1 + thinkSeconds) })];
    }

    /// <summary>Requests that each silo's worker got since <see cref="StartCounting"/>.</summary>
    public Dictionary<string, int> Assigned { get; } = [];

    public int Refused { get; private set; }

    public void Join(string silo)
    {
        var worker = new SimulatedWorker(new WorkerKey(silo, "gpu0", "model"), _costs, BlockTokens);
        _workers.Add(silo, worker);
        _pool.Report(worker.Report() with { Number = NextNumber() });
    }

    /// <summary>The silo dies; who waited for it asks again at once.</summary>
    public void Kill(string silo)
    {
        _workers.Remove(silo);
        _pool.Prune(_workers.ContainsKey);
        foreach ((long request, (User user, WorkerKey worker)) in _underWay.Where(open => open.Value.Worker.Silo == silo).ToArray())
        {
            _underWay.Remove(request);
            user.Turns--;
            user.SpeaksAt = _now;
        }
    }

    public void StartCounting() => Assigned.Clear();

    public void Pass(TimeSpan span)
    {
        for (double end = _now + span.TotalSeconds; _now < end;)
        {
            _now += Tick.TotalSeconds;
            _time.Advance(Tick);
            foreach (SimulatedWorker worker in _workers.Values)
            {
                Step(worker);
            }

            if ((int)_now != (int)(_now - Tick.TotalSeconds))
            {
                Report();
            }

            foreach (User user in _users.Where(user => user.SpeaksAt <= _now))
            {
                Speak(user);
            }
        }
    }

    // reports of a worker that has come back under its name count on
    private long NextNumber() => 1 + (long)(_now * 1_000_000) + (++_requests % 1_000);

    private void Step(SimulatedWorker worker)
    {
        while (worker.NextChange <= _now)
        {
            worker.Advance(worker.NextChange);
            _ended.Clear();
            worker.Settle(_ended);
            _ended.ForEach(End);
        }

        worker.Advance(_now);
    }

    private void End(SimulatedSequence sequence)
    {
        (User user, WorkerKey worker) = _underWay[sequence.Attempt.StreamId];
        _underWay.Remove(sequence.Attempt.StreamId);
        _pool.Release(sequence.Attempt, worker, answered: true);
        user.SpeaksAt = _now + (user.ThinkSeconds * 2 * _random.NextDouble());
    }

    private void Report()
    {
        foreach (SimulatedWorker worker in _workers.Values)
        {
            _pool.Report(worker.Report() with { Number = NextNumber() });
            if (worker.ReportPrefixes() is { } prefixes)
            {
                _pool.ReportPrefixes(prefixes);
            }
        }
    }

    private void Speak(User user)
    {
        if (user.Turns == MostTurns)
        {
            user.Turns = 0;
            user.Blocks.Clear();
        }

        user.Turns++;
        int prompt = user.Turns * TurnTokens;
        while (user.Blocks.Count < prompt / BlockTokens)
        {
            user.Blocks.Add(unchecked((ulong)_random.NextInt64()));
        }

        long number = ++_requests;
        var sequence = new SimulatedSequence(
            new TracedRequest(_now, prompt, OutputTokens, [.. user.Blocks.Take(prompt / BlockTokens)]), new Attempt("conversation", number, 1));
        Booking booking = _pool.Book(sequence.Attempt, sequence.Request.Blocks, prompt);
        user.SpeaksAt = double.PositiveInfinity;
        if (booking.Kind != DispatchKind.Run || !_workers[booking.Worker.Silo].Submit(sequence, _now))
        {
            Refused++;
            return;
        }

        _underWay.Add(number, (user, booking.Worker));
        Assigned[booking.Worker.Silo] = Assigned.GetValueOrDefault(booking.Worker.Silo) + 1;
    }

    private sealed class User(double thinkSeconds)
    {
        public double ThinkSeconds => thinkSeconds;

        public double SpeaksAt { get; set; }

        public int Turns { get; set; }

        public List<ulong> Blocks { get; } = [];
    }
}
