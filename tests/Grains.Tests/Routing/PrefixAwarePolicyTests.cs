using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class PrefixAwarePolicyTests
{
    [Fact]
    public void Choose_OneHoldsThePrefix_TakesItThoughItHasMoreWork()
    {
        var workers = Of((1, 0), (1, 20), (1, 0));
        workers.Prefixes.Set(1, place: 0, [1, 2, 3]);

        Assert.Equal(1, workers.Choose(1, 2, 3, 4).Id);
    }

    [Fact]
    public void Choose_HolderWouldAnswerALittleLater_SparesTheComputingForThoseBehind()
    {
        // 48 tokens are held, 100 are before them
        var workers = Of((1, 0), (1, 100), (1, 50));
        workers.Prefixes.Set(1, place: 0, [1, 2, 3]);

        Assert.Equal(1, workers.Choose(1, 2, 3, 4).Id);
    }

    [Fact]
    public void Choose_HolderHasMoreWorkThanThePrefixSaves_TakesTheIdlest()
    {
        var workers = Of((1, 0), (1, 300), (1, 50));
        workers.Prefixes.Set(1, place: 0, [1, 2, 3]);

        Assert.Equal(0, workers.Choose(1, 2, 3, 4).Id);
    }

    [Fact]
    public void Choose_TwoHoldersOfDifferentLength_TakesTheLonger()
    {
        var workers = Of((1, 0), (1, 0), (1, 0));
        workers.Prefixes.Set(1, place: 0, [1, 2]);
        workers.Prefixes.Set(2, place: 0, [1, 2, 3]);

        Assert.Equal(2, workers.Choose(1, 2, 3, 4).Id);
    }

    [Fact]
    public void Choose_ShorterHolderIsIdle_WeighsWorkAgainstTheRest()
    {
        var workers = Of((1, 500), (1, 0), (1, 100));
        workers.Prefixes.Set(1, place: 0, [1, 2]);
        workers.Prefixes.Set(2, place: 0, [1, 2, 3]);

        Assert.Equal(1, workers.Choose(1, 2, 3, 4).Id);
    }

    [Fact]
    public void Choose_HolderAboveTheBoundedLoad_GoesElsewhere()
    {
        // decoding is almost free here, so cost alone would stay with the holder
        var workers = new Workers(new PrefixAwarePolicy(new Random(1)));
        for (int silo = 0; silo < 4; silo++)
        {
            workers.Add(Reports.Of($"w{silo}", running: silo == 1 ? 6 : 1, slots: 16) with { DecodeCost = 0 });
        }

        workers.Prefixes.Set(1, place: 0, [.. Enumerable.Range(0, 100).Select(block => (ulong)block)]);

        Assert.NotEqual(1, workers.Choose([.. Enumerable.Range(0, 100).Select(block => (ulong)block)]).Id);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(500)]
    public void Choose_WorkersOfTheLeastWorkAreFullOfShortRequests_TakesOneThatMayHaveMore(int full)
    {
        // decoding is almost free here, so those with many streams have the least work
        var workers = new Workers(new PrefixAwarePolicy(new Random(1)));
        for (int silo = 0; silo < 2 * full; silo++)
        {
            workers.Add(Reports.Of($"w{silo}", running: silo < full ? 14 : 2, slots: 16, queuedTokens: silo < full ? 0 : silo) with { DecodeCost = 0 });
        }

        int chosen = workers.Choose(1, 2).Id;

        Assert.InRange(chosen, full, (2 * full) - 1);
        Assert.True(full > 3 || chosen == full, "the one with the least work is among the first that are looked at");
    }

    [Fact]
    public void Route_ManyRequestsOfOnePrefix_NeverLeaveAWorkerAboveTheBound()
    {
        var workers = Of(new (int, long)[8]);
        workers.Prefixes.Set(3, place: 0, [1, 2, 3]);

        for (int request = 0; request < 100; request++)
        {
            workers.Route(1, 2, 3);
            int most = Enumerable.Range(0, 8).Max(id => workers.Table[id]!.Load);

            double bound = Math.Max(Math.Ceiling(BoundedLoad.Factor * workers.Table.Load / 8), BoundedLoad.Least(slots: 16));
            Assert.True(most <= bound, $"{most} of {workers.Table.Load} after {request}");
        }
    }

    [Fact]
    public void Route_HotPrefix_GetsASecondAndAThirdHolderAndNoFourth()
    {
        var workers = Of(new (int, long)[64]);
        workers.Prefixes.Set(0, place: 0, [1, 2, 3]);
        ulong other = 100;

        for (int round = 0; round < 200; round++)
        {
            // four of twenty requests at once, where a worker's share is one of 64
            int[] hot = [workers.Route(1, 2, 3), workers.Route(1, 2, 3), workers.Route(1, 2, 3), workers.Route(1, 2, 3)];
            int[] cold = [.. Enumerable.Range(0, 16).Select(_ => workers.Route(++other))];
            Array.ForEach(hot, worker => workers.Prefixes.Set(worker, place: 0, [1, 2, 3]));
            Array.ForEach([.. hot, .. cold], worker => Finish(workers, worker));
        }

        Assert.Equal(HotPrefixes.MostReplicas, workers.Prefixes.HoldersOf(3).Count);
    }

    [Fact]
    public void Choose_NothingKnown_TakesTheLeastWork()
    {
        var workers = Of((1, 70), (1, 30), (1, 50));

        Assert.Equal(1, workers.Choose(1, 2).Id);
    }

    [Fact]
    public void Choose_NothingKnownAndAllIdle_DoesNotAlwaysTakeTheSame()
    {
        var workers = Of(new (int, long)[16]);

        Assert.InRange(Enumerable.Range(0, 100).Select(_ => workers.Choose(1).Id).Distinct().Count(), 8, 16);
    }

    private static Workers Of(params (int Running, long QueuedTokens)[] loads) => new(new PrefixAwarePolicy(new Random(1)), loads);

    private static void Finish(Workers workers, int id)
    {
        WorkerView worker = workers.Table[id]!;
        worker.Report(worker.Status);
        workers.Table.Update(worker);
    }
}
