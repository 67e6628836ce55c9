using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public void Step_RunningPastItsDeadline_EndsAndFreesItsSlot()
    {
        var driver = new CoreDriver();
        driver.Submit(Late(driver, 1), Requests.Of(2, maxTokens: 100)).Steps(4);
        int emitted = driver.Recorder[1].Ids.Count;

        driver.Time.Advance(Patience);
        driver.Step();

        Assert.Equal(FinishReason.DeadlineExceeded, driver.Recorder[1].Finish);
        Assert.Equal(emitted, driver.Recorder[1].Ids.Count);
        Assert.Equal(1, driver.Core.Running);
    }

    [Fact]
    public void Step_WaitingPastItsDeadline_EndsWithoutAToken()
    {
        var driver = new CoreDriver(FakeRunner.ShapeOf(slots: 1));
        driver.Submit(Requests.Of(1, maxTokens: 100), Late(driver, 2)).Steps(2);

        driver.Time.Advance(Patience);
        driver.Step();

        Assert.Equal(FinishReason.DeadlineExceeded, driver.Recorder[2].Finish);
        Assert.Empty(driver.Recorder[2].Ids);
        Assert.Equal(0, driver.Core.Waiting.Count);
    }

    [Fact]
    public void Step_ShortlyBeforeTheDeadline_GoesOn()
    {
        var driver = new CoreDriver();
        driver.Submit(Late(driver, 1)).Steps(2);

        driver.Time.Advance(Patience - TimeSpan.FromTicks(1));
        driver.Step();

        Assert.Null(driver.Recorder[1].Finish);
        Assert.Equal(3, driver.Recorder[1].Ids.Count);
    }

    private static GenerationRequest Late(CoreDriver driver, long id) =>
        Requests.Of(id, maxTokens: 100) with { Deadline = driver.Time.GetUtcNow() + Patience };
}
