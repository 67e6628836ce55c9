using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class YardstickPolicyTests
{
    [Fact]
    public void LeastLoaded_UnequalSlots_ComparesLoadPerSlot()
    {
        var workers = new Workers(new LeastLoadedPolicy());
        workers.Add(Reports.Of("small", running: 2, slots: 4));
        WorkerView large = workers.Add(Reports.Of("large", running: 3, slots: 16));

        Assert.Same(large, workers.Choose());
    }

    [Fact]
    public void LeastLoaded_EqualLoad_TakesTheOneBookedLongestAgo()
    {
        var workers = new Workers(new LeastLoadedPolicy(), (0, 0), (0, 0), (0, 0));

        int[] routed = [.. Enumerable.Range(0, 6).Select(_ => workers.Route())];

        Assert.Equal([0, 1, 2, 0, 1, 2], routed);
    }

    [Fact]
    public void RoundRobin_UnequalLoad_TakesEachInTurn()
    {
        var workers = new Workers(new RoundRobinPolicy(), (9, 0), (0, 0), (3, 0));

        int[] routed = [.. Enumerable.Range(0, 6).Select(_ => workers.Route())];

        Assert.Equal([0, 1, 2, 0, 1, 2], routed);
    }

    [Fact]
    public void Random_ManyRequests_UsesEveryWorkerAboutAsOften()
    {
        var workers = new Workers(new RandomPolicy(new Random(1)), new (int, long)[4]);

        Dictionary<int, int> shares = Enumerable.Range(0, 4_000).CountBy(_ => workers.Choose().Id).ToDictionary();

        Assert.Equal(4, shares.Count);
        Assert.All(shares.Values, share => Assert.InRange(share, 850, 1_150));
    }

    [Fact]
    public void PowerOfTwo_OneWorkerHasMoreWork_TakesItOnlyWhenBothDrawsFallOnIt()
    {
        var workers = new Workers(new PowerOfTwoPolicy(new Random(1)), (0, 5_000), (0, 0), (0, 0), (0, 0));

        int busy = Enumerable.Range(0, 4_000).Count(_ => workers.Choose().Id == 0);

        // a sixteenth is 250
        Assert.InRange(busy, 180, 320);
    }
}
