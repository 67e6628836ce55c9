using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class PrefixReportsTests
{
    private readonly PrefixReports _reports = new(Reports.BlockTokens);

    [Fact]
    public void Take_ReportsInOrder_FollowsTheSlots()
    {
        _reports.Take(0, Reports.PrefixesOf("a", [1, 2], since: 0, upTo: 5));
        long known = _reports.Take(0, Reports.PrefixesOf("a", [7], since: 5, upTo: 6));

        Assert.Equal((6, 0, 1), (known, Held(1, 2), Held(7)));
    }

    [Fact]
    public void Take_OneReportIsMissing_AsksFromBeforeIt()
    {
        _reports.Take(0, Reports.PrefixesOf("a", [1], since: 0, upTo: 5));

        long gap = _reports.Take(0, Reports.PrefixesOf("a", [3], since: 8, upTo: 9, slot: 2));
        long again = _reports.Take(0, Reports.PrefixesOf("a", [3], since: 5, upTo: 9, slot: 2));

        Assert.Equal((5, 9, 1, 1), (gap, again, Held(1), Held(3)));
    }

    [Fact]
    public void Take_OvertakenReport_ChangesNothing()
    {
        _reports.Take(0, Reports.PrefixesOf("a", [1, 2], since: 0, upTo: 9));

        long known = _reports.Take(0, Reports.PrefixesOf("a", [3], since: 0, upTo: 4));

        Assert.Equal((9, 2, 0), (known, Held(1, 2), Held(3)));
    }

    [Fact]
    public void Take_WorkerWasActivatedAnew_ForgetsWhatItHeldBefore()
    {
        _reports.Take(0, Reports.PrefixesOf("a", [1, 2], since: 0, upTo: 9, epoch: 1, slot: 3));

        long known = _reports.Take(0, Reports.PrefixesOf("a", [5], since: 0, upTo: 1, epoch: 2));
        long late = _reports.Take(0, Reports.PrefixesOf("a", [6], since: 9, upTo: 10, epoch: 1));

        Assert.Equal((1, 1, 0, 1, 0), (known, late, Held(1, 2), Held(5), Held(6)));
    }

    [Fact]
    public void Take_BlocksOfAnotherSize_AreNotBelieved()
    {
        long known = _reports.Take(0, Reports.PrefixesOf("a", [1], upTo: 3, blockTokens: 32));

        Assert.Equal((3, 0), (known, Held(1)));
    }

    private int Held(params ulong[] blocks) => _reports.Index.HeldBy(0, blocks);
}
