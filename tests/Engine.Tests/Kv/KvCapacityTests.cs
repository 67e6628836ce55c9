using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Kv;

public sealed class KvCapacityTests
{
    [Fact]
    public void Step_CapacityRunsOut_TheYoungestWaitsAndGoesOnWhereItStopped()
    {
        CoreDriver driver = Driver(kvTokens: 60).Submit(Long(1), Long(2)).Steps(24);

        // 2 x (8 + 22) positions are taken, so the next token of both does not fit
        Assert.Equal(1, driver.Core.Preemptions);
        Assert.Equal(2, Assert.Single(driver.Core.Waiting.All).Request.Id);
        driver.RunToEnd();
        Assert.Equal(CoreDriver.Alone(Long(1)), driver.Recorder[1].Ids);
        Assert.Equal(CoreDriver.Alone(Long(2)), driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_CapacityRunsOut_ResidentsGoFirst()
    {
        CoreDriver driver = Driver(kvTokens: 60).Submit(Requests.Of(9, promptLength: 20, maxTokens: 10)).RunToEnd();

        driver.Submit(Long(1)).RunToEnd();

        Assert.Equal(0, driver.Core.Preemptions);
        Assert.InRange(driver.Core.Prefixes.Held, 47, 60);
    }

    [Fact]
    public void Step_ResidentIsCut_ItsBeginningIsStillReused()
    {
        CoreDriver driver = Driver(kvTokens: 60).Submit(Requests.Of(9, promptLength: 30, maxTokens: 2)).RunToEnd();
        driver.Submit(Long(1)).RunToEnd();
        int left = driver.Core.Prefixes.Held - 47;

        driver.Submit(Requests.Of(9, promptLength: 30, maxTokens: 2) with { Id = 10 }).Steps(1);

        Assert.InRange(left, 1, 29);
        Assert.Equal(left, driver.Recorder.LastStep.Single().CachedTokens);
    }

    [Fact]
    public void Step_PreemptedSequenceComesBackBeforeItWasCut_ComputesNothingAgain()
    {
        CoreDriver driver = Driver(kvTokens: 60).Submit(Long(1), Long(2)).Steps(24);
        Assert.Equal(1, driver.Core.Preemptions);
        int prefills = driver.Runner.Prefills;

        driver.Core.Inbox.Cancel(1);
        driver.Step();

        Assert.Equal(prefills, driver.Runner.Prefills);
        Assert.Equal(2, driver.Recorder.LastStep[^1].SequenceId);
        Assert.True(driver.Recorder.LastStep[^1].TokenId >= 0);
    }

    [Fact]
    public void Step_StopStringAcrossAPreemption_StillEndsTheSequence()
    {
        GenerationRequest request = Requests.Of(2, maxTokens: 40);
        List<int> ids = CoreDriver.Alone(request);
        string stop = DemoTokenizer.Instance.Decode([.. ids[20..24]], skipSpecial: false);
        request = request with { StopStrings = [stop] };
        List<int> expected = CoreDriver.Alone(request);

        CoreDriver driver = Driver(kvTokens: 60).Submit(Long(1), request).RunToEnd();

        Assert.True(driver.Core.Preemptions > 0);
        Assert.Equal(expected, driver.Recorder[2].Ids);
        Assert.Equal(FinishReason.Stop, driver.Recorder[2].Finish);
    }

    [Fact]
    public void Cancel_WhilePreempted_EndsIt()
    {
        CoreDriver driver = Driver(kvTokens: 60).Submit(Long(1), Long(2)).Steps(24);
        int emitted = driver.Recorder[2].Ids.Count;

        driver.Core.Inbox.Cancel(2);
        driver.Step();

        Assert.Equal(FinishReason.Cancelled, driver.Recorder[2].Finish);
        Assert.Equal(emitted, driver.Recorder[2].Ids.Count);
        driver.RunToEnd();
    }

    [Fact]
    public void Step_NextInTurnDoesNotFit_NobodyOvertakesIt()
    {
        CoreDriver driver = Driver(kvTokens: 60).Submit(Requests.Of(1, promptLength: 30, maxTokens: 10)).Steps(2);

        driver.Submit(Requests.Of(2, promptLength: 40), Requests.Of(3, promptLength: 2)).Steps(2);

        Assert.Equal(1, driver.Core.Running);
        driver.RunToEnd();
    }

    private static GenerationRequest Long(long id) => Requests.Of(id, maxTokens: 40);

    private static CoreDriver Driver(int kvTokens) => new(options: new EngineOptions { KvTokens = kvTokens });
}
