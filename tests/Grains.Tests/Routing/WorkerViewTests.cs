using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class WorkerViewTests
{
    private readonly WorkerView _worker = new(0, Reports.Of("a") with { PrefillCost = 0.001 });

    [Fact]
    public void Report_CostsMoreBehindALongPrompt_StaysComparable()
    {
        _worker.Report(_worker.Status with { PrefillCost = 0.005 });

        Assert.InRange(_worker.PrefillCost, 0.001, 0.00101);
    }

    [Fact]
    public void Report_CostsLess_IsBelievedAtOnce()
    {
        _worker.Report(_worker.Status with { PrefillCost = 0.0005 });

        Assert.Equal(0.0005, _worker.PrefillCost);
    }

    [Fact]
    public void Report_CostsMoreFromNowOn_IsBelievedInTime()
    {
        for (int report = 0; report < 1_000; report++)
        {
            _worker.Report(_worker.Status with { PrefillCost = 0.002 + (report * 1e-9) });
        }

        Assert.InRange(_worker.PrefillCost, 0.002, 0.0021);
    }

    [Fact]
    public void Report_IdleWorkerRepeatsItsLastFigure_CountsItOnce()
    {
        for (int report = 0; report < 1_000; report++)
        {
            _worker.Report(_worker.Status with { PrefillCost = 0.005 });
        }

        Assert.InRange(_worker.PrefillCost, 0.001, 0.00101);
    }

    [Fact]
    public void PrefillCost_NothingMeasured_CountsAsAPlainOne()
    {
        var unmeasured = new WorkerView(0, Reports.Of("a") with { PrefillCost = 0 });

        Assert.True(unmeasured.PrefillCost > 0);
    }
}
