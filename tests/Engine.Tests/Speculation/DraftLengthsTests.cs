using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Tests.Speculation;

public sealed class DraftLengthsTests
{
    // in decode rows, for 1, 3 and 7 drafted tokens
    [Theory]
    [InlineData(0.3, 1.4, 1.7, 3.2, 0)]
    [InlineData(0.6, 1.4, 1.7, 3.2, 3)]
    [InlineData(0.99, 1.4, 1.7, 3.2, 7)]
    [InlineData(0.95, 1.4, 3.0, 9.0, 1)]
    [InlineData(1.0, 2.0, 4.0, 8.0, 0)]
    public void Best_OfWhatRunsCost_PromisesMostTokensForTheTime(double hitRate, double one, double three, double seven, int expected) =>
        Assert.Equal(expected, DraftLengths.Best(hitRate, limit: 100, Costs(one, three, seven)));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(5, 5)]
    public void Best_LessRoom_DraftsNoMore(int limit, int expected) =>
        Assert.Equal(expected, DraftLengths.Best(hitRate: 1, limit, Costs(1.1, 1.2, 1.3)));

    [Fact]
    public void Hear_NothingRepeats_StopsDraftsAndHitsBringThemBack()
    {
        VerificationCosts costs = Costs(1.4, 1.7, 3.2);
        Drafter drafter = new(capacity: 100);
        int[] tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2];

        drafter.Make(tokens, limit: 100, costs);
        Assert.Equal([3, 4, 5], drafter.Draft);
        drafter.Hear(50);
        drafter.Make(tokens, limit: 100, costs);
        Assert.Equal(0, drafter.Length);

        // verified or not, the draft comes true
        foreach (int token in (int[])[3, 4, 5])
        {
            drafter.Hear(token);
        }

        drafter.Make(tokens, limit: 100, costs);
        Assert.Equal(3, drafter.Length);
    }

    private static VerificationCosts Costs(double one, double three, double seven)
    {
        VerificationCosts costs = new();
        costs.RowTook(1);
        costs.Took(1, one);
        costs.Took(3, three);
        costs.Took(7, seven);
        return costs;
    }
}
