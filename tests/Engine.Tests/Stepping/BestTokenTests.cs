using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

/// <summary>A runner that names best tokens: the tokens are those of one that does not, and logits are given to whom they matter.</summary>
public sealed class BestTokenTests
{
    private static readonly ModelShape Choosing = FakeRunner.ShapeOf() with { ChoosesTokens = true };

    [Fact]
    public void Step_GreedySequences_ComeToTheirTokensWithoutLogits()
    {
        GenerationRequest[] requests = [Requests.Of(1, maxTokens: 30), Requests.Of(2, maxTokens: 40), Requests.Of(3, maxTokens: 20)];

        CoreDriver driver = new CoreDriver(Choosing).Submit(requests).RunToEnd();

        Assert.All(requests, request => Assert.Equal(CoreDriver.Alone(request), driver.Recorder[request.Id].Ids));
        Assert.Equal(0, driver.Runner.LogitRows);
    }

    public static TheoryData<string, SamplingParameters> ThatNeedLogits => new()
    {
        { "temperature", new() { Temperature = 0.7f, Seed = 3 } },
        { "penalty", new() { RepetitionPenalty = 1.3f } },
        { "bias", new() { LogitBias = ImmutableDictionary<int, float>.Empty.Add(5, 4) } },
    };

    [Theory]
    [MemberData(nameof(ThatNeedLogits))]
    public void Step_BesideGreedySequences_OthersGetTheirLogitsAlone(string what, SamplingParameters sampling)
    {
        GenerationRequest[] requests = [Requests.Of(1), Requests.Of(2) with { Sampling = sampling }, Requests.Of(3)];

        CoreDriver driver = new CoreDriver(Choosing).Submit(requests).RunToEnd();

        Assert.All(requests, request => Assert.Equal(CoreDriver.Alone(request), driver.Recorder[request.Id].Ids));
        Assert.True(driver.Runner.LogitRows == 12, $"{what}: {driver.Runner.LogitRows} rows of logits for 12 tokens");
    }

    [Fact]
    public void Step_TwoLargestLogits_TheFirstOfThemIsTaken()
    {
        CoreDriver driver = new(Choosing);
        driver.Runner.Fault = (_, logits) =>
        {
            if (!logits.IsEmpty)
            {
                logits[70] = logits[20] = 100;
            }
        };

        driver.Submit(Requests.Of(1, maxTokens: 5)).RunToEnd();

        Assert.Equal(Enumerable.Repeat(20, 5), driver.Recorder[1].Ids);
        Assert.Equal(5, driver.Runner.LogitRows);
    }

    [Theory]
    [InlineData(8, float.NaN)]
    [InlineData(8, float.PositiveInfinity)]
    [InlineData(12, float.NaN)]
    [InlineData(12, float.PositiveInfinity)]
    public void Step_LogitThatIsNoFiniteNumber_EndsItsSequenceAlone(int historyLength, float logit)
    {
        int[] prompt = [.. Requests.Of(1).PromptIds];
        CoreDriver driver = new(Choosing);
        driver.Runner.Fault = (history, logits) =>
        {
            if (history.Length == historyLength && history.StartsWith(prompt))
            {
                logits[0] = logit;
            }
        };

        driver.Submit(Requests.Of(1), Requests.Of(2)).RunToEnd();

        Assert.Equal(FinishReason.ModelFault, driver.Recorder[1].Finish);
        Assert.Equal(historyLength - prompt.Length, driver.Recorder[1].Ids.Count);
        Assert.Equal(CoreDriver.Alone(Requests.Of(2)), driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_DecodeRunFails_RowsThatRunAloneKeepTheirTokens()
    {
        CoreDriver driver = new(Choosing);
        driver.Runner.Fault = (history, _) =>
        {
            if (driver.Runner.IsDecoding && history.Length == 12)
            {
                throw new ModelRunException("bad");
            }
        };

        driver.Submit(Requests.Of(1), Requests.Of(2)).RunToEnd();

        Assert.Equal(CoreDriver.Alone(Requests.Of(1)), driver.Recorder[1].Ids);
        Assert.Equal(CoreDriver.Alone(Requests.Of(2)), driver.Recorder[2].Ids);
    }
}
