using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Tests.Speculation;

public sealed class PromptLookupTests
{
    [Theory]
    [InlineData("1 2 3 4 5 6 1 2", "3 4 5 6")]
    [InlineData("1 2 3 1 2 4 9 1 2", "4 9 1 2")]
    [InlineData("7 8 1 2 3 9 1 2 4 7 8 1 2", "3 9 1 2")]
    [InlineData("1 2 3 1 2 3 1 2 3", "1 2 3 1")]
    [InlineData("5 5 5", "5 5 5 5")]
    public void TryContinue_LastTokensStoodBefore_DraftsWhatFollowedTheLongestMatch(string tokens, string expected)
    {
        int[] draft = new int[4];

        bool found = new PromptLookup(32).TryContinue(Parse(tokens), draft);

        Assert.True(found);
        Assert.Equal(Parse(expected), draft);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1 2")]
    [InlineData("1 2 3 4")]
    [InlineData("1 2 3 9 2")]
    public void TryContinue_LastTwoTokensAreNew_DraftsNothing(string tokens)
    {
        int[] draft = [-1, -1];

        Assert.False(new PromptLookup(32).TryContinue(Parse(tokens), draft));
        Assert.Equal([-1, -1], draft);
    }

    [Fact]
    public void TryContinue_TokenByToken_DraftsAsFromTheWholeSequence()
    {
        Random random = new(1);
        int[] tokens = [.. Enumerable.Range(0, 400).Select(_ => random.Next(6))];
        PromptLookup grown = new(tokens.Length);
        int found = 0;

        for (int length = 1; length <= tokens.Length; length++)
        {
            int[] expected = new int[7];
            int[] draft = new int[7];
            bool whole = new PromptLookup(tokens.Length).TryContinue(tokens.AsSpan(0, length), expected);

            Assert.Equal(whole, grown.TryContinue(tokens.AsSpan(0, length), draft));
            Assert.Equal(expected, draft);
            found += whole ? 1 : 0;
        }

        Assert.InRange(found, 300, 399);
    }

    [Fact]
    public void TryContinue_ForEachToken_AllocatesNothing()
    {
        int[] tokens = [.. Enumerable.Range(0, 2_000).Select(i => i * i % 61)];
        int[] draft = new int[7];
        PromptLookup lookup = new(tokens.Length);
        lookup.TryContinue(tokens.AsSpan(0, 10), draft);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int length = 11; length <= tokens.Length; length++)
        {
            lookup.TryContinue(tokens.AsSpan(0, length), draft);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int[] Parse(string tokens) => [.. tokens.Split(' ').Select(int.Parse)];
}
