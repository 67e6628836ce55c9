using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Grains.Tests.Routing;
using DeepSeekOrleans.Grains.Tests.Storage;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests;

/// <summary>The clock on the wall is set; what runs by how long it takes must not notice.</summary>
public sealed class TimeJumpTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _even = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly JumpingTime _time;

    public TimeJumpTests() => _time = new JumpingTime(_even);

    /// <summary>An hour and thirty days, forward and back.</summary>
    public static TheoryData<double> Hours => [1, -1, 30 * 24, -30 * 24];

    [Theory]
    [MemberData(nameof(Hours))]
    public void R16_WorkersReports_LiveAsLongAsEver(double hours)
    {
        var pool = new WorkerPool(new LeastLoadedPolicy(), Reports.BlockTokens, Lifetime, _time);
        pool.Report(Reports.Of("a"));

        _time.Jump(TimeSpan.FromHours(hours));
        pool.Prune(_ => true);
        bool isKnownAfterJump = !pool.IsEmpty;
        _even.Advance(Lifetime * 1.1);
        pool.Prune(_ => true);

        Assert.Equal((true, true), (isKnownAfterJump, pool.IsEmpty));
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public void R16_Bookings_AreGivenBackAsEver(double hours)
    {
        var pool = new WorkerPool(new LeastLoadedPolicy(), Reports.BlockTokens, Lifetime, _time);
        pool.Report(Reports.Of("a", running: 5));
        Attempt attempt = new("request", 1, 1);
        Booking booked = pool.Book(attempt, [], 10);

        _time.Jump(TimeSpan.FromHours(hours));
        DispatchKind whileBooked = pool.Book(new Attempt("other", 2, 1), [], 10).Kind;
        pool.Release(attempt, booked.Worker, answered: true);
        DispatchKind afterwards = pool.Book(new Attempt("other", 2, 1), [], 10).Kind;

        Assert.Equal((DispatchKind.Run, DispatchKind.Busy, DispatchKind.Run), (booked.Kind, whileBooked, afterwards));
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task R16_KeptAnswer_ExpiresWhenItsTimeIsOver(double hours)
    {
        var store = new MemoryStore(100_000, _time);
        await store.KeepAsync(StoreRoom.Key("k"), new byte[10], StoreRoom.Terms);

        _time.Jump(TimeSpan.FromHours(hours));
        bool isKeptAfterJump = await store.FindAsync(StoreRoom.Key("k")) is not null;
        _even.Advance(StoreRoom.Terms.TimeToLive);

        Assert.True(isKeptAfterJump);
        Assert.Null(await store.FindAsync(StoreRoom.Key("k")));
    }
}
