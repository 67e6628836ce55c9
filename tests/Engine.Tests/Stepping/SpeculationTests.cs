using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

/// <summary>A model that looks back one token repeats itself, so most drafts come true; the tokens are those of plain decoding.</summary>
public sealed class SpeculationTests
{
    private const int Memory = 1;

    private static readonly EngineOptions Speculative = new() { Speculation = EngineOptions.SpeculationByPromptLookup };

    private static readonly SamplingParameters[] Samplings =
    [
        SamplingParameters.Greedy,
        new() { RepetitionPenalty = 1.1f, PresencePenalty = 0.1f, FrequencyPenalty = 0.05f },
        new() { Temperature = 0.2f, Seed = 7 },
        new() { Temperature = 0.7f, TopK = 2, Seed = 11, LogitBias = ImmutableDictionary<int, float>.Empty.Add(3, 2) },
    ];

    [Fact]
    public void Generate_TextThatRepeats_SameTokensInAThirdOfTheSteps()
    {
        GenerationRequest request = Requests.Of(1, maxTokens: 200);
        CoreDriver driver = Driver().Submit(request).RunToEnd();

        Assert.Equal(CoreDriver.Alone(request, memory: Memory), driver.Recorder[1].Ids);
        Assert.InRange(driver.Core.Steps, 25, 70);
        Assert.InRange(driver.Core.AcceptedTokens, 130, driver.Core.DraftedTokens);
        Assert.Equal(201, driver.Core.Steps + driver.Core.AcceptedTokens + 1);
    }

    [Fact]
    public void Generate_WithEverySampling_SameTokensAsWithout()
    {
        long accepted = 0;
        for (int id = 1; id <= 80; id++)
        {
            GenerationRequest request = Requests.Of(id, promptLength: 1 + (id % 40), maxTokens: 1 + (id * 7 % 120)) with { Sampling = Samplings[id % Samplings.Length] };
            CoreDriver driver = Driver().Submit(request).RunToEnd();

            Assert.Equal(CoreDriver.Alone(request, memory: Memory), driver.Recorder[id].Ids);
            accepted += id % Samplings.Length == 0 ? 0 : driver.Core.AcceptedTokens;
        }

        Assert.True(accepted > 200, $"{accepted} tokens accepted of requests that are not greedy");
    }

    [Fact]
    public void Generate_StopTokenAnywhere_EndsThereAndKeepsItsPrefix()
    {
        GenerationRequest request = Requests.Of(1, maxTokens: 100);
        List<int> undisturbed = CoreDriver.Alone(request, memory: Memory);

        foreach (int stop in undisturbed.Distinct())
        {
            CoreDriver driver = Driver().Submit(request with { StopTokenIds = [stop] }).RunToEnd();

            Assert.Equal(undisturbed[..(undisturbed.IndexOf(stop) + 1)], driver.Recorder[1].Ids);
            Assert.Equal(FinishReason.Stop, driver.Recorder[1].Finish);
        }
    }

    [Fact]
    public void Generate_ContinuedAtEveryToken_SameTokens()
    {
        GenerationRequest request = Requests.Of(1, maxTokens: 60);
        List<int> whole = CoreDriver.Alone(request, memory: Memory);

        for (int emitted = 0; emitted < whole.Count; emitted++)
        {
            CoreDriver driver = Driver().Submit(request.ContinuedAfter(whole.Take(emitted))).RunToEnd();

            Assert.Equal(whole[emitted..], driver.Recorder[1].Ids);
        }
    }

    [Fact]
    public void Generate_EndsInsideAStep_LeavesAPrefixThatOthersCanUse()
    {
        CoreDriver driver = Driver().Submit(Requests.Of(1, maxTokens: 90)).RunToEnd();
        GenerationRequest next = Requests.Of(2, maxTokens: 90) with { PromptIds = [.. Requests.Of(1).PromptIds, .. driver.Recorder[1].Ids] };

        driver.Submit(next).RunToEnd();

        Assert.Equal(CoreDriver.Alone(next, memory: Memory), driver.Recorder[2].Ids);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Step_DraftedTokenMakesTheModelFail_OnlyASequenceThatHasItFaults(bool throws)
    {
        GenerationRequest request = Requests.Of(1, maxTokens: 80);
        List<int> plain = CoreDriver.Alone(request, memory: Memory);
        int[] wrong = [.. request.PromptIds, .. plain[..60], plain[60] + 1];
        int[] right = [.. request.PromptIds, .. plain[..61]];

        Assert.Equal(plain, FailingAt(wrong).Ids);
        StepRecorder.Output faulted = FailingAt(right);
        Assert.Equal(FinishReason.ModelFault, faulted.Finish);
        Assert.Equal(plain[..61], faulted.Ids);

        StepRecorder.Output FailingAt(int[] history)
        {
            CoreDriver driver = Driver();
            driver.Runner.Fault = (now, logits) =>
            {
                if (now.SequenceEqual(history))
                {
                    logits[0] = throws ? throw new ModelRunException("bad") : float.NaN;
                }
            };
            return driver.Submit(request).RunToEnd().Recorder[1];
        }
    }

    [Fact]
    public void Step_TwoStreams_VerifiesNothingUntilOneIsAlone()
    {
        CoreDriver driver = Driver().Submit(Requests.Of(1, maxTokens: 60), Requests.Of(2, maxTokens: 200)).Steps(55);
        Assert.Equal(0, driver.Core.DraftedTokens);

        driver.RunToEnd();

        Assert.True(driver.Core.AcceptedTokens > 50, $"{driver.Core.AcceptedTokens} tokens accepted");
        Assert.Equal(CoreDriver.Alone(Requests.Of(2, maxTokens: 200), memory: Memory), driver.Recorder[2].Ids);
    }

    [Fact]
    public void Step_ResidentsFillTheCapacity_MakeRoomForDrafts()
    {
        EngineOptions options = new() { Speculation = EngineOptions.SpeculationByPromptLookup, KvTokens = 150 };
        CoreDriver driver = new CoreDriver(options: options, memory: Memory).Submit(Requests.Of(1, promptLength: 100, maxTokens: 2)).RunToEnd();

        driver.Submit(Requests.Of(2, maxTokens: 120)).RunToEnd();

        Assert.True(driver.Core.AcceptedTokens > 60, $"{driver.Core.AcceptedTokens} tokens accepted");
    }

    [Fact]
    public void Create_ModelWhoseRowsDifferBetweenRuns_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new CoreDriver(FakeRunner.ShapeOf() with { DecodesAsItPrefills = false }, Speculative));

    private static CoreDriver Driver() => new(options: Speculative, memory: Memory);
}
