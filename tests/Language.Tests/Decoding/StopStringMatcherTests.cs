namespace DeepSeekOrleans.Language.Tests.Decoding;

public sealed class StopStringMatcherTests
{
    [Theory]
    [InlineData("one two STOP three", "one two ", true)]
    [InlineData("one STO two", "one STO two", false)]
    [InlineData("ends with STO", "ends with STO", false)]
    [InlineData("SSTOP", "S", true)]
    [InlineData("x</s>STOP", "x", true)]
    [InlineData("", "", false)]
    public void Append_AnyCutting_GivesTheSameText(string text, string expected, bool stopped)
    {
        for (int size = 1; size <= text.Length + 1; size++)
        {
            StopStringMatcher matcher = new(["STOP", "</s>"]);
            string shown = "";
            bool hasStopped = false;
            for (int at = 0; at < text.Length; at += size)
            {
                StopMatch match = matcher.Append(text[at..Math.Min(at + size, text.Length)]);
                shown += match.Text;
                hasStopped = match.Stopped;
            }

            Assert.Equal((expected, stopped), (shown + matcher.Flush(), hasStopped));
        }
    }

    [Fact]
    public void Append_PossibleBeginning_IsHeldBack()
    {
        StopStringMatcher matcher = new(["STOP"]);

        Assert.Equal(new StopMatch("a", false), matcher.Append("aST"));
        Assert.Equal(new StopMatch("STx", false), matcher.Append("x"));
    }

    [Fact]
    public void Append_TwoStopStringsEnd_TheFirstCompleteWins()
    {
        StopStringMatcher matcher = new(["abcX", "bc"]);

        Assert.Equal(new StopMatch("a", true), matcher.Append("abcX"));
    }

    [Fact]
    public void Append_AfterStop_GivesNothing()
    {
        StopStringMatcher matcher = new(["."]);
        matcher.Append("a.");

        Assert.Equal(new StopMatch("", true), matcher.Append("more"));
        Assert.Equal("", matcher.Flush());
    }

    [Fact]
    public void Constructor_EmptyStopString_IsRefused() => Assert.Throws<ArgumentException>(() => new StopStringMatcher([""]));
}
