using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Scheduling;

public sealed class FairnessTests
{
    [Fact]
    public void Step_OneTenantFloods_TheQuietOneGetsTheNextSlotButOne()
    {
        CoreDriver driver = new(FakeRunner.ShapeOf(slots: 1));
        driver.Submit([.. Enumerable.Range(1, 20).Select(id => Requests.Of(id, tenant: "flood", maxTokens: 4))]).Steps(1);
        driver.Submit(Requests.Of(100, tenant: "quiet", maxTokens: 4));

        while (!driver.Recorder.HasEnded(100))
        {
            driver.Step();
        }

        // 1 was running and 2 stood before it in the rotation; the other 18 of the flood come after it.
        Assert.Equal(18, driver.Core.Waiting.Count + driver.Core.Running);
    }

    [Fact]
    public void Step_LongPromptOfOneTenant_DelaysAnothersShortPromptByOneChunk()
    {
        CoreDriver driver = new(options: new EngineOptions { PrefillChunk = 4 });
        driver.Submit(Requests.Of(1, promptLength: 200, tenant: "long")).Steps(3);

        driver.Submit(Requests.Of(2, promptLength: 4, tenant: "short")).Steps(1);

        Assert.Single(driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_HigherPriorityOfTheSameTenant_IsPrefilledFirst()
    {
        CoreDriver driver = new(options: new EngineOptions { PrefillChunk = 4 });
        driver.Submit(Requests.Of(1, promptLength: 40), Requests.Of(2, promptLength: 8) with { Priority = 1 }).Steps(2);

        Assert.Single(driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_AnswerBegunElsewhere_IsPrefilledBeforeALongPromptOfItsTenant()
    {
        CoreDriver driver = new(options: new EngineOptions { PrefillChunk = 4 });
        GenerationRequest moved = Requests.Of(2, promptLength: 4);
        driver.Submit(Requests.Of(1, promptLength: 40) with { Priority = 1 }).Steps(1);

        driver.Submit(moved.ContinuedAfter(CoreDriver.Alone(moved)[..4])).Steps(2);

        Assert.Single(driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_TwoPromptsOfOneTenant_TheFirstIsPrefilledFirst()
    {
        CoreDriver driver = new(options: new EngineOptions { PrefillChunk = 4 });
        driver.Submit(Requests.Of(1, promptLength: 40, maxTokens: 1), Requests.Of(2, promptLength: 4, maxTokens: 1)).Steps(10);

        Assert.True(driver.Recorder.HasEnded(1));
        Assert.False(driver.Recorder.HasEnded(2));
    }
}
