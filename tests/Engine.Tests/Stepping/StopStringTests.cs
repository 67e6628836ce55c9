using DeepSeekOrleans.Engine.Tests.Fakes;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

/// <summary>The model is made to say a given text, with the demo model's tokenizer.</summary>
public sealed class StopStringTests
{
    private static readonly Tokenizer Tokenizer = DemoTokenizer.Instance;
    private static readonly ModelShape Shape = FakeRunner.ShapeOf(vocabulary: Tokenizer.VocabularySize);

    [Theory]
    [InlineData("One silo. Two silos. Three silos.", "Two")]
    [InlineData("One silo. Two silos. Three silos.", "o. Tw")]
    [InlineData("The owl 🦉 sleeps by day.", "🦉")]
    [InlineData("深度求索 answers; 你好，世界 ends.", "好，世")]
    public void Step_TextContainsStopString_EndsWithTheTokenThatCompletesIt(string text, string stop)
    {
        int[] script = Tokenizer.Encode(text);

        StepRecorder.Output output = Say(script, Requests.Of(1) with { StopStrings = [stop], MaxTokens = 100 });

        Assert.Equal(FinishReason.Stop, output.Finish);
        Assert.Contains(stop, Tokenizer.Decode([.. output.Ids]), StringComparison.Ordinal);
        Assert.DoesNotContain(stop, Tokenizer.Decode([.. output.Ids[..^1]]), StringComparison.Ordinal);
    }

    [Fact]
    public void Step_StopStringNeverComesWhole_EndsByLength()
    {
        int[] script = Tokenizer.Encode("One silo. Two silos. Three silos.");

        StepRecorder.Output output = Say(script, Requests.Of(1) with { StopStrings = ["Two silos! "], MaxTokens = script.Length });

        Assert.Equal(FinishReason.Length, output.Finish);
        Assert.Equal(script, output.Ids);
    }

    [Theory]
    [InlineData("One silo. Two silos. Three silos.", "o. Two s")]
    [InlineData("The owl 🦉 sleeps by day.", "🦉 sl")]
    public void Step_ContinuedInsideTheStopString_StillStops(string text, string stop)
    {
        int[] script = Tokenizer.Encode(text);
        GenerationRequest request = Requests.Of(1) with { StopStrings = [stop], MaxTokens = 100 };
        List<int> undisturbed = Say(script, request).Ids;

        for (int emitted = 0; emitted < undisturbed.Count; emitted++)
        {
            StepRecorder.Output rest = Say(script, request.ContinuedAfter(undisturbed.Take(emitted)));

            Assert.Equal(undisturbed[emitted..], rest.Ids);
            Assert.Equal(FinishReason.Stop, rest.Finish);
        }
    }

    [Fact]
    public void Step_ContinuedAfterTheStopString_OnlyTheEndIsTold()
    {
        int[] script = Tokenizer.Encode("One silo. Two silos.");
        GenerationRequest request = Requests.Of(1) with { StopStrings = ["Two"], MaxTokens = 100 };

        StepRecorder.Output rest = Say(script, request.ContinuedAfter(Say(script, request).Ids));

        Assert.Empty(rest.Ids);
        Assert.Equal(FinishReason.Stop, rest.Finish);
    }

    private static StepRecorder.Output Say(int[] script, GenerationRequest request)
    {
        var driver = new CoreDriver(Shape);
        driver.Runner.Fault = (history, logits) =>
        {
            int next = history.Length - request.PromptIds.Length;
            if (next >= 0 && next < script.Length && !logits.IsEmpty)
            {
                logits[script[next]] = 100;
            }
        };
        return driver.Submit(request).RunToEnd().Recorder[request.Id];
    }
}
