using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

public sealed class EngineCoreTests
{
    [Fact]
    public void Step_PromptOfThreeChunks_FirstTokenComesWithTheThird()
    {
        var options = new EngineOptions { PrefillChunk = 4 };
        CoreDriver driver = new CoreDriver(options: options).Submit(Requests.Of(1, promptLength: 9));

        driver.Steps(2);
        Assert.Empty(driver.Recorder[1].Ids);
        driver.Steps(1);

        Assert.Single(driver.Recorder[1].Ids);
    }

    [Fact]
    public void Step_LongPromptComesLater_RunningSequenceStillGetsATokenEachStep()
    {
        var options = new EngineOptions { PrefillChunk = 4 };
        CoreDriver driver = new CoreDriver(options: options).Submit(Requests.Of(1, promptLength: 4, maxTokens: 20)).Steps(1);

        driver.Submit(Requests.Of(2, promptLength: 60)).Steps(10);

        Assert.Equal(11, driver.Recorder[1].Ids.Count);
    }

    [Fact]
    public void Step_RunnerTakesSmallerChunksThanTheOption_KeepsToTheRunners()
    {
        CoreDriver driver = new CoreDriver(FakeRunner.ShapeOf(chunk: 3), new EngineOptions { PrefillChunk = 256 });

        driver.Submit(Requests.Of(1, promptLength: 10, maxTokens: 1)).RunToEnd();

        Assert.Equal(4, driver.Runner.Prefills);
    }

    [Fact]
    public void Step_StopToken_IsTheLastTokenReported()
    {
        List<int> alone = CoreDriver.Alone(Requests.Of(1));
        int stop = alone[4];
        GenerationRequest request = Requests.Of(1) with { StopTokenIds = [stop] };

        CoreDriver driver = new CoreDriver().Submit(request).RunToEnd();

        Assert.Equal(alone[..(alone.IndexOf(stop) + 1)], driver.Recorder[1].Ids);
        Assert.Equal(FinishReason.Stop, driver.Recorder[1].Finish);
    }

    [Fact]
    public void Step_ContextFilledToTheLastPosition_EndsByLength()
    {
        ModelShape shape = FakeRunner.ShapeOf(slots: 2, context: 32);

        CoreDriver driver = new CoreDriver(shape).Submit(Requests.Of(1, 20, 12), Requests.Of(2, 31, 1), Requests.Of(3, 1, 31)).RunToEnd();

        Assert.Equal([12, 1, 31], [driver.Recorder[1].Ids.Count, driver.Recorder[2].Ids.Count, driver.Recorder[3].Ids.Count]);
        Assert.Equal(FinishReason.Length, driver.Recorder[3].Finish);
    }

    [Fact]
    public void Step_ContinuationIsAlreadyComplete_OnlyTheEndIsTold()
    {
        GenerationRequest request = Requests.Of(1, maxTokens: 5);
        GenerationRequest complete = request.ContinuedAfter(CoreDriver.Alone(request));

        CoreDriver driver = new CoreDriver().Submit(complete).RunToEnd();

        Assert.Equal(new EmittedToken(1, 5, -1, FinishReason.Length), Assert.Single(driver.Recorder.LastStep));
        Assert.Equal(0, driver.Runner.Prefills);
    }

    [Fact]
    public void Step_MiddleSlotFreesAndNobodyWaits_LastSlotIsCopiedIntoTheHole()
    {
        CoreDriver driver = new CoreDriver().Submit(Requests.Of(1, maxTokens: 40), Requests.Of(2, maxTokens: 40), Requests.Of(3, maxTokens: 40)).Steps(4);
        driver.Core.Inbox.Cancel(1);

        driver.Step();

        // the other copy keeps what the cancelled sequence left in the hole
        Assert.Equal(2, driver.Runner.Copies);
        Assert.Equal(Requests.Of(1).PromptIds[0], driver.Core.Prefixes[3]!.Tokens[0]);
        Assert.Equal(2, driver.Core.LastPlan.RowCount);
        Assert.Equal(3, driver.Core.Slots[0]!.Request.Id);
    }

    [Fact]
    public void Step_MiddleSlotFreesAndOneWaits_TheHoleIsFilledWithoutACopy()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(1, 5).Select(id => Requests.Of(id, maxTokens: 40))];
        CoreDriver driver = new CoreDriver().Submit(requests).Steps(6);
        driver.Core.Inbox.Cancel(2);

        driver.Step();

        Assert.Equal(0, driver.Runner.Copies);
        Assert.Equal(5, driver.Core.Slots[1]!.Request.Id);
    }

    [Fact]
    public void Step_SeveralSequences_ToldOncePerStep()
    {
        CoreDriver driver = new CoreDriver().Submit(Requests.Of(1, maxTokens: 40), Requests.Of(2, maxTokens: 40)).Steps(2);
        int before = driver.Recorder.StepsTold;

        driver.Step();

        Assert.Equal(before + 1, driver.Recorder.StepsTold);
        Assert.Equal([1, 2], driver.Recorder.LastStep.Select(token => token.SequenceId).Order());
    }

    [Fact]
    public void Step_NothingOpen_RunsNothingAndSaysSo()
    {
        var driver = new CoreDriver();

        bool more = driver.Step();

        Assert.False(more);
        Assert.Equal(0, driver.Runner.Prefills + driver.Runner.Decodes + driver.Recorder.StepsTold);
    }
}
