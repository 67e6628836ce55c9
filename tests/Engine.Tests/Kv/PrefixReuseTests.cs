using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Kv;

public sealed class PrefixReuseTests
{
    private readonly GenerationRequest _first = Requests.Of(1, promptLength: 40, maxTokens: 10);

    [Fact]
    public void Step_PromptSeenBefore_ComputesItsLastTokenAlone()
    {
        CoreDriver driver = new CoreDriver(options: new EngineOptions { PrefillChunk = 1 }).Submit(_first).RunToEnd();
        int before = driver.Runner.Prefills;

        driver.Submit(_first with { Id = 2 }).RunToEnd();

        Assert.Equal(1, driver.Runner.Prefills - before);
        Assert.Equal(driver.Recorder[1].Ids, driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_NextTurnOfAConversation_ReusesPromptAndAnswer()
    {
        CoreDriver driver = new CoreDriver().Submit(_first).RunToEnd();
        GenerationRequest next = _first with { Id = 2, PromptIds = [.. _first.PromptIds, .. driver.Recorder[1].Ids, 5, 6, 7] };

        driver.Submit(next).Steps(1);

        // the last output token was never fed to the model
        Assert.Equal(40 + 10 - 1, driver.Recorder.LastStep.Single().CachedTokens);
        Assert.Equal(CoreDriver.Alone(next), driver.RunToEnd().Recorder[2].Ids);
    }

    [Fact]
    public void Step_SamePromptOfAnotherTenant_ReusesNothing()
    {
        CoreDriver driver = new CoreDriver().Submit(_first).RunToEnd();

        driver.Submit(_first with { Id = 2, Tenant = "b" }).Steps(1);

        Assert.Equal(0, driver.Recorder.LastStep.Single().CachedTokens);
    }

    [Fact]
    public void Step_PrefixOfASequenceThatStillRuns_IsCopied()
    {
        CoreDriver driver = new CoreDriver().Submit(_first with { MaxTokens = 100 }).Steps(3);
        GenerationRequest fork = _first with { Id = 2, PromptIds = [.. _first.PromptIds[..30], 1, 2] };

        driver.Submit(fork).Steps(1);

        Assert.Equal(30, driver.Recorder.LastStep.Single(token => token.SequenceId == 2).CachedTokens);
        Assert.Equal(1, driver.Runner.Copies);
        Assert.Equal(CoreDriver.Alone(fork), driver.RunToEnd().Recorder[2].Ids);
    }

    [Fact]
    public void Step_OtherPromptTakesTheSlot_ResidentMovesToAnEmptyOne()
    {
        CoreDriver driver = new CoreDriver().Submit(_first).RunToEnd().Submit(Requests.Of(2)).RunToEnd();

        driver.Submit(_first with { Id = 3 }).Steps(1);

        Assert.Equal(39, driver.Recorder.LastStep.Single().CachedTokens);
    }

    [Fact]
    public void Step_NoSlotEmpty_LeastRecentlyUsedGivesWay()
    {
        var driver = new CoreDriver(FakeRunner.ShapeOf(slots: 2));
        GenerationRequest[] requests = [.. Enumerable.Range(1, 3).Select(id => Requests.Of(id, promptLength: 40, maxTokens: 4))];
        Array.ForEach(requests, request => driver.Submit(request).RunToEnd());

        Assert.Equal([39, 39, 0], requests.Reverse().Select(request => CachedTokens(driver, request)));
    }

    [Fact]
    public void Step_OneTenantFloods_TheQuietTenantsPrefixStays()
    {
        var driver = new CoreDriver(FakeRunner.ShapeOf(slots: 4));
        driver.Submit(Requests.Of(1, tenant: "quiet")).RunToEnd();
        for (int id = 2; id < 20; id++)
        {
            driver.Submit(Requests.Of(id, tenant: "flood")).RunToEnd();
        }

        Assert.Equal(7, CachedTokens(driver, Requests.Of(1, tenant: "quiet")));
    }

    [Fact]
    public void Step_SequenceThatFaulted_LeavesNothingBehind()
    {
        var driver = new CoreDriver();
        driver.Runner.Fault = (history, logits) => logits.Fill(history.Length == 44 ? float.NaN : 1);
        driver.Submit(_first).RunToEnd();

        driver.Submit(_first with { Id = 2 }).Steps(1);

        Assert.Equal(FinishReason.ModelFault, driver.Recorder[1].Finish);
        Assert.Equal(0, driver.Recorder.LastStep.Single().CachedTokens);
    }

    private static int CachedTokens(CoreDriver driver, GenerationRequest request)
    {
        driver.Submit(request with { Id = request.Id + 1000 }).Steps(1);
        int cached = driver.Recorder.LastStep.Single().CachedTokens;
        driver.RunToEnd();
        return cached;
    }
}
