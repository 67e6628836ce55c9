using DeepSeekOrleans.Robustness.Histories;

namespace DeepSeekOrleans.Robustness.Tests;

/// <summary>The checker must find what it is there to find.</summary>
public sealed class HistoryCheckerTests
{
    private const string Expected = "Once upon a time there were three silos and a frontend.";

    [Theory]
    [InlineData(Expected, 7, null)]
    [InlineData("Once upon a time there three silos and a frontend.", 7, "lost tokens")]
    [InlineData("Once upon a time there were three silos Once upon a time", 7, "doubled tokens")]
    [InlineData("Once upon a time there were 3,000 zebras", 7, "foreign tokens")]
    [InlineData("Once upon a time", 7, "lost its end")]
    [InlineData(Expected, 8, "charged 8 tokens for 7")]
    public async Task Check_CompleteAnswer_IsWrongUnlessTextAndChargeAreAsUndisturbed(string text, int tokens, string? wrong)
    {
        HistorySummary summary = await CheckAsync(history => Answer(history, text, Outcome.Complete, tokens));

        Assert.Equal(wrong is null ? 0 : 1, summary.WrongAnswers.Count);
        Assert.Contains(wrong ?? "", string.Concat(summary.WrongAnswers), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Once upon", 0)]
    [InlineData("Twice upon", 1)]
    public async Task Check_FailedAnswer_IsBrokenAndItsBeginningIsCompared(string text, int wrongBeginnings)
    {
        HistorySummary summary = await CheckAsync(history => Answer(history, text, Outcome.Failed, null));

        Assert.Single(summary.Broken);
        Assert.Equal(wrongBeginnings, summary.WrongBeginnings.Count);
    }

    [Fact]
    public async Task Check_RequestWithoutAnEnd_IsCounted()
    {
        HistorySummary summary = await CheckAsync(history =>
            history.Write(EventKind.Sent, told => told with { Request = 1, Prompt = 0, Where = "here" }));

        Assert.Equal(1, summary.Unended);
        Assert.Equal(0, summary.Rate);
    }

    [Fact]
    public void Of_MovedAnswer_CountsFromTheFaultToTheNextPieceAfterTheLongestPause()
    {
        string path = Path.GetTempFileName();
        File.WriteAllLines(path,
        [
            """{"at":0,"kind":"Sent","request":1,"prompt":0,"where":"here"}""",
            """{"at":1,"kind":"Opened","request":1,"id":"req-1"}""",
            """{"at":100,"kind":"Chunk","request":1,"index":0,"text":"a"}""",
            """{"at":200,"kind":"Fault","detail":"SIGKILL"}""",
            """{"at":210,"kind":"Chunk","request":1,"index":1,"text":"b"}""",
            """{"at":1210,"kind":"Chunk","request":1,"index":2,"text":"c"}""",
            """{"at":1220,"kind":"Moved","id":"req-1"}""",
        ]);

        List<double> gaps = MovedGaps.Of(History.Read(path));

        Assert.Equal([1000], gaps);
        File.Delete(path);
    }

    private static async Task<HistorySummary> CheckAsync(Action<HistoryWriter> write)
    {
        string path = Path.GetTempFileName();
        await using (HistoryWriter history = new(path))
        {
            history.Write(EventKind.Expected, told => told with { Prompt = 0, Text = Expected, Detail = "length", Tokens = 7 });
            write(history);
            history.Write(EventKind.Closing, told => told);
        }

        HistorySummary summary = HistoryChecker.Check(History.Read(path));
        File.Delete(path);
        return summary;
    }

    private static void Answer(HistoryWriter history, string text, Outcome outcome, int? tokens)
    {
        history.Write(EventKind.Sent, told => told with { Request = 1, Prompt = 0, Where = "here" });
        history.Write(EventKind.Opened, told => told with { Request = 1, Id = "req-1" });
        history.Write(EventKind.Chunk, told => told with { Request = 1, Index = 0, Text = text });
        history.Write(EventKind.Ended, told => told with { Request = 1, Outcome = outcome, Detail = "length", Tokens = tokens });
    }
}
