using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

public sealed class CancellationTests
{
    [Fact]
    public void Cancel_WhileDecoding_SlotIsFreeAfterTheNextStep()
    {
        CoreDriver driver = new CoreDriver().Submit(Requests.Of(1, maxTokens: 100)).Steps(3);

        driver.Core.Inbox.Cancel(1);
        driver.Step();

        Assert.Equal(FinishReason.Cancelled, driver.Recorder[1].Finish);
        Assert.Equal(0, driver.Core.Running);
    }

    [Fact]
    public void Cancel_InTheMiddleOfAStep_SlotIsFreeWithinTwoSteps()
    {
        CoreDriver driver = new CoreDriver().Submit(Requests.Of(1, maxTokens: 100)).Steps(3);
        driver.Runner.BeforeRun = () => driver.Core.Inbox.Cancel(1);

        driver.Steps(2);

        Assert.Equal(0, driver.Core.Running);
        Assert.Equal(4, driver.Recorder[1].Ids.Count);
    }

    [Fact]
    public void Cancel_WhilePrefilling_SlotIsFreeAfterTheNextStep()
    {
        var options = new EngineOptions { PrefillChunk = 4 };
        CoreDriver driver = new CoreDriver(options: options).Submit(Requests.Of(1, promptLength: 60)).Steps(2);

        driver.Core.Inbox.Cancel(1);
        driver.Step();

        Assert.Equal(2, driver.Runner.Prefills);
        Assert.Equal(new EmittedToken(1, 0, -1, FinishReason.Cancelled), Assert.Single(driver.Recorder.LastStep));
    }

    [Fact]
    public void Cancel_WhileWaiting_EndsAndLeavesTheOrderOfTheOthers()
    {
        CoreDriver driver = new CoreDriver(FakeRunner.ShapeOf(slots: 1));
        driver.Submit(Requests.Of(1), Requests.Of(2), Requests.Of(3), Requests.Of(4)).Steps(2);

        driver.Core.Inbox.Cancel(3);
        driver.Step();
        Assert.Equal(FinishReason.Cancelled, driver.Recorder[3].Finish);
        driver.RunToEnd();

        Assert.Equal(CoreDriver.Alone(Requests.Of(2)), driver.Recorder[2].Ids);
        Assert.Equal(FinishReason.Length, driver.Recorder[4].Finish);
    }

    [Fact]
    public void Cancel_BeforeTheFirstStep_EndsWithoutAnyRun()
    {
        CoreDriver driver = new CoreDriver().Submit(Requests.Of(1));

        driver.Core.Inbox.Cancel(1);
        driver.RunToEnd();

        Assert.Equal(FinishReason.Cancelled, driver.Recorder[1].Finish);
        Assert.Equal(0, driver.Runner.Prefills);
    }

    [Fact]
    public void Cancel_TwiceOrUnknown_IsIgnored()
    {
        CoreDriver driver = new CoreDriver().Submit(Requests.Of(1, maxTokens: 100)).Steps(3);

        Assert.True(driver.Core.Inbox.Cancel(1));
        Assert.False(driver.Core.Inbox.Cancel(1));
        Assert.False(driver.Core.Inbox.Cancel(99));
        driver.RunToEnd();

        Assert.False(driver.Core.Inbox.Cancel(1));
    }
}
