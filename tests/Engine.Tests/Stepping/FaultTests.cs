using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

public sealed class FaultTests
{
    private static readonly ModelShape Joining = FakeRunner.ShapeOf() with { JoinsRuns = true };

    private readonly GenerationRequest[] _requests = [.. Enumerable.Range(1, 4).Select(id => Requests.Of(id, promptLength: 5 + (int)id))];

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Step_RowWithBrokenLogit_EndsOnlyThatSequence(float broken)
    {
        CoreDriver driver = DriverWhere(culprit: 2, (_, logits) => logits[logits.Length / 2] = broken);

        driver.Submit(_requests).RunToEnd();

        AssertOnlyCulpritFaulted(driver, culprit: 2);
    }

    [Fact]
    public void Step_RowWithoutAnyFiniteLogit_EndsOnlyThatSequence()
    {
        CoreDriver driver = DriverWhere(culprit: 3, (_, logits) => logits.Fill(float.NegativeInfinity));

        driver.Submit(_requests).RunToEnd();

        AssertOnlyCulpritFaulted(driver, culprit: 3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Step_DecodeThrowsForOneRow_EndsOnlyThatSequence(long culprit)
    {
        CoreDriver driver = DriverWhere(culprit, (_, _) => throw new ModelRunException("test"));

        driver.Submit(_requests).RunToEnd();

        AssertOnlyCulpritFaulted(driver, culprit);
    }

    [Fact]
    public void Step_PrefillThrows_EndsOnlyThatSequence()
    {
        var driver = new CoreDriver();
        int[] prompt = [.. _requests[1].PromptIds];
        driver.Runner.Fault = (history, _) => ThrowIf(history.SequenceEqual(prompt));

        driver.Submit(_requests).RunToEnd();

        Assert.Equal(FinishReason.ModelFault, driver.Recorder[2].Finish);
        Assert.Empty(driver.Recorder[2].Ids);
        Assert.Equal(CoreDriver.Alone(_requests[3]), driver.Recorder[4].Ids);
    }

    [Fact]
    public void Step_DecodeFailsOnceForNobodysFault_NobodyNotices()
    {
        var driver = new CoreDriver();
        int failures = 0;
        driver.Runner.Fault = (_, _) => ThrowIf(driver.Runner.Decodes == 6 && failures++ == 0);

        driver.Submit(_requests).RunToEnd();

        Assert.Equal(1, Math.Min(failures, 1));
        Assert.All(_requests, request => Assert.Equal(CoreDriver.Alone(request), driver.Recorder[request.Id].Ids));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Step_RowFailsInARunWithAChunk_EndsOnlyThatSequence(long culprit)
    {
        CoreDriver driver = DriverWhere(culprit, (_, _) => throw new ModelRunException("test"), Joining);

        driver.Submit(_requests).RunToEnd();

        AssertOnlyCulpritFaulted(driver, culprit);
        Assert.True(driver.Runner.Joins > 0, "no run was joined");
    }

    [Fact]
    public void Step_ChunkFailsInARunWithRows_EndsOnlyThatSequence()
    {
        var driver = new CoreDriver(Joining);
        int[] prompt = [.. _requests[1].PromptIds];
        driver.Runner.Fault = (history, _) => ThrowIf(history.SequenceEqual(prompt));

        driver.Submit(_requests).RunToEnd();

        Assert.Equal(FinishReason.ModelFault, driver.Recorder[2].Finish);
        Assert.All(_requests.Where(request => request.Id != 2), request => Assert.Equal(CoreDriver.Alone(request), driver.Recorder[request.Id].Ids));
    }

    [Fact]
    public void Step_JoinedRunsAlwaysFail_AreGivenUpAndNobodyNotices()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(1, 12).Select(id => Requests.Of(id))];
        var driver = new CoreDriver(Joining, new EngineOptions { FaultLimit = 3 });
        int tried = 0;
        driver.Runner.BeforeJoin = () =>
        {
            tried++;
            throw new ModelRunException("test");
        };

        driver.Submit(requests).RunToEnd();

        Assert.Equal(3, tried);
        Assert.All(requests, request => Assert.Equal(CoreDriver.Alone(request), driver.Recorder[request.Id].Ids));
    }

    [Fact]
    public void Step_JoinedRunFailsNowAndThen_IsTriedAgain()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(1, 12).Select(id => Requests.Of(id))];
        var driver = new CoreDriver(Joining, new EngineOptions { FaultLimit = 3 });
        int tried = 0;
        driver.Runner.BeforeJoin = () => ThrowIf(tried++ % 3 != 2);

        driver.Submit(requests).RunToEnd();

        Assert.True(tried > 6, $"{tried} joined runs were tried");
        Assert.All(requests, request => Assert.Equal(CoreDriver.Alone(request), driver.Recorder[request.Id].Ids));
    }

    [Fact]
    public void Step_EveryRowFails_BlamesTheDeviceAndTellsNobodyAFault()
    {
        CoreDriver driver = new CoreDriver().Submit(_requests).Steps(6);
        driver.Runner.Fault = (_, _) => throw new ModelRunException("test");

        Assert.Throws<ModelRunException>(() => driver.Step());
        driver.Core.EndAll(FinishReason.EngineStopping);

        Assert.All(_requests, request => Assert.Equal(FinishReason.EngineStopping, driver.Recorder[request.Id].Finish));
    }

    [Fact]
    public void Step_SingleSequencesFailOneAfterTheOther_BlamesTheDeviceAtTheLimit()
    {
        var driver = new CoreDriver(options: new EngineOptions { FaultLimit = 3 });
        driver.Runner.Fault = (_, _) => throw new ModelRunException("test");

        driver.Submit(_requests[0]).Steps(1).Submit(_requests[1]).Steps(1).Submit(_requests[2]);

        Assert.Equal(FinishReason.ModelFault, driver.Recorder[2].Finish);
        Assert.Throws<ModelRunException>(() => driver.Step());
    }

    [Fact]
    public void Step_FailuresWithASuccessBetween_NeverBlameTheDevice()
    {
        var driver = new CoreDriver(options: new EngineOptions { FaultLimit = 2 });
        for (int id = 1; id < 10; id++)
        {
            bool faulty = id % 2 == 0;
            driver.Runner.Fault = (_, _) => ThrowIf(faulty);

            driver.Submit(Requests.Of(id, maxTokens: 1)).RunToEnd();

            Assert.Equal(faulty ? FinishReason.ModelFault : FinishReason.Length, driver.Recorder[id].Finish);
        }
    }

    /// <summary>A fault that strikes the culprit, known by its prompt, at its fourth output token.</summary>
    private CoreDriver DriverWhere(long culprit, FakeRunner.RowFault fault, ModelShape? shape = null)
    {
        var driver = new CoreDriver(shape);
        int[] prompt = [.. _requests[culprit - 1].PromptIds];
        driver.Runner.Fault = (history, logits) =>
        {
            if (history.Length == prompt.Length + 3 && history.StartsWith(prompt))
            {
                fault(history, logits);
            }
        };
        return driver;
    }

    private void AssertOnlyCulpritFaulted(CoreDriver driver, long culprit)
    {
        foreach (GenerationRequest request in _requests)
        {
            bool faulted = request.Id == culprit;
            List<int> alone = CoreDriver.Alone(request);
            Assert.Equal(faulted ? FinishReason.ModelFault : FinishReason.Length, driver.Recorder[request.Id].Finish);
            Assert.Equal(faulted ? alone[..3] : alone, driver.Recorder[request.Id].Ids);
        }
    }

    private static void ThrowIf(bool condition)
    {
        if (condition)
        {
            throw new ModelRunException("test");
        }
    }
}
