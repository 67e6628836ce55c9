using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class WorkerPoolTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly WorkerPool _pool;
    private int _attempts;

    public WorkerPoolTests() => _pool = new WorkerPool(new LeastLoadedPolicy(), Reports.BlockTokens, Lifetime, _time);

    [Fact]
    public void Book_NoWorkerKnown_AnswersNoWorker() => Assert.Equal(DispatchKind.NoWorker, _pool.Book(NextAttempt(), [], 10).Kind);

    [Fact]
    public void Book_BetweenReports_CountsItsOwnBookings()
    {
        _pool.Report(Reports.Of("a"));
        _pool.Report(Reports.Of("b"));

        string[] silos = [.. Enumerable.Range(0, 4).Select(_ => _pool.Book(NextAttempt(), [], 10).Worker.Silo)];

        Assert.Equal(2, silos.Count(silo => silo == "a"));
    }

    [Fact]
    public void Book_SlotsAndQueueTaken_AnswersBusy()
    {
        _pool.Report(Reports.Of("a", running: 4));

        DispatchKind[] kinds = [.. Enumerable.Range(0, 3).Select(_ => _pool.Book(NextAttempt(), [], 10).Kind)];

        Assert.Equal([DispatchKind.Run, DispatchKind.Run, DispatchKind.Busy], kinds);
    }

    [Fact]
    public void Release_WorkerFull_MakesRoomAgain()
    {
        _pool.Report(Reports.Of("a", running: 6));

        _pool.Release(NextAttempt(), Reports.Worker("a"), answered: true);

        Assert.Equal(DispatchKind.Run, _pool.Book(NextAttempt(), [], 10).Kind);
    }

    [Fact]
    public void Release_WorkerDidNotAnswer_AvoidsItUntilItsNextReport()
    {
        _pool.Report(Reports.Of("a"));
        _pool.Report(Reports.Of("b", running: 3));
        _pool.Release(NextAttempt(), Reports.Worker("a"), answered: false);
        string distrusted = _pool.Book(NextAttempt(), [], 10).Worker.Silo;

        _pool.Report(Reports.Of("a", number: 2));
        string heardAgain = _pool.Book(NextAttempt(), [], 10).Worker.Silo;

        Assert.Equal(("b", "a"), (distrusted, heardAgain));
    }

    [Fact]
    public void Report_OvertakenByNewerOne_IsDropped()
    {
        _pool.Report(Reports.Of("a", running: 6, number: 8));

        _pool.Report(Reports.Of("a", running: 0, number: 7));

        Assert.Equal(DispatchKind.Busy, _pool.Book(NextAttempt(), [], 10).Kind);
    }

    [Theory]
    [InlineData(WorkerState.Loading)]
    [InlineData(WorkerState.Draining)]
    [InlineData(WorkerState.Unhealthy)]
    public void Book_WorkerNotReady_AnswersNoWorker(WorkerState state)
    {
        _pool.Report(Reports.Of("a") with { State = state });

        Assert.Equal(DispatchKind.NoWorker, _pool.Book(NextAttempt(), [], 10).Kind);
    }

    [Fact]
    public void Prune_SiloLeft_ForgetsItsWorkers()
    {
        _pool.Report(Reports.Of("a"));
        _pool.Report(Reports.Of("b"));

        _pool.Prune(silo => silo != "a");

        Assert.Equal(["b"], _pool.Trusted.Select(status => status.Worker.Silo));
    }

    [Fact]
    public void Prune_WorkerSilentForItsLifetime_ForgetsIt()
    {
        _pool.Report(Reports.Of("a"));
        _time.Advance(Lifetime);
        _pool.Prune(_ => true);
        bool keptAtTheLimit = !_pool.IsEmpty;

        _time.Advance(TimeSpan.FromMilliseconds(1));
        _pool.Prune(_ => true);

        Assert.Equal((true, true), (keptAtTheLimit, _pool.IsEmpty));
    }

    [Fact]
    public void Book_WorkerReportsAPrefix_KnowsWhatIsCached()
    {
        _pool.Report(Reports.Of("a"));
        _pool.ReportPrefixes(Reports.PrefixesOf("a", [1, 2, 3]));

        Booking booking = _pool.Book(NextAttempt(), [1, 2, 9], promptTokens: 50);

        Assert.Equal(2 * Reports.BlockTokens, booking.CachedTokens);
    }

    [Fact]
    public void Release_BeforeTheNextReport_TakesItsQueuedTokensBack()
    {
        var pool = new WorkerPool(new PrefixAwarePolicy(new Random(1)), Reports.BlockTokens, Lifetime, _time);
        pool.Report(Reports.Of("a"));
        pool.Report(Reports.Of("b"));
        pool.ReportPrefixes(Reports.PrefixesOf("a", [1]));
        Attempt other = NextAttempt();
        Booking first = pool.Book(other, [9], promptTokens: 5_000);
        pool.Release(other, first.Worker, answered: true);

        Assert.Equal("a", pool.Book(NextAttempt(), [1, 2], promptTokens: 40).Worker.Silo);
    }

    [Fact]
    public void ReportPrefixes_WorkerUnknown_AsksForEverything() =>
        Assert.Equal(0, _pool.ReportPrefixes(Reports.PrefixesOf("a", [1, 2, 3])));

    [Fact]
    public void ReportPrefixes_WorkerForgottenMeanwhile_AsksForEverything()
    {
        _pool.Report(Reports.Of("a"));
        _pool.ReportPrefixes(Reports.PrefixesOf("a", [1, 2, 3]));
        _pool.Prune(_ => false);
        _pool.Report(Reports.Of("a", number: 2));

        long known = _pool.ReportPrefixes(Reports.PrefixesOf("a", [1, 2, 3, 4], since: 1, upTo: 2));
        Booking booking = _pool.Book(NextAttempt(), [1, 2, 3], promptTokens: 50);

        Assert.Equal((0, 0), (known, booking.CachedTokens));
    }

    private Attempt NextAttempt() => new($"request-{++_attempts}", _attempts, 1);
}
