using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Scheduling;

/// <summary>The costs that a router asks for.</summary>
public sealed class StepCostsTests
{
    private readonly StepCosts _costs = new(slots: 8, shortest: 4, longest: 64, share: 0.9);

    [Fact]
    public void TokenCost_NothingMeasured_IsZero() => Assert.Equal((0, 0), (_costs.TokenCost, _costs.MoreRowCost));

    [Fact]
    public void TokenCost_TwoSizesMeasured_IsThatOfTheLongest()
    {
        _costs.ChunkTook(4, 40);
        _costs.ChunkTook(64, 128);

        Assert.Equal(2, _costs.TokenCost);
    }

    [Fact]
    public void MoreRowCost_TwoNumbersOfRowsMeasured_IsTheSlopeBetweenThem()
    {
        _costs.RowsTook(2, 100);
        double one = _costs.MoreRowCost;
        _costs.RowsTook(6, 140);

        Assert.Equal((0, 10), (one, _costs.MoreRowCost));
    }

    [Theory]
    [InlineData(30, 18)]
    [InlineData(100, 64)]
    public void ChunkBeside_RunsAreJoined_GoesByWhatAChunkAddsToItsRows(double decode, int longest)
    {
        _costs.JoinsRuns = true;
        _costs.RowsTook(8, decode);
        foreach (int tokens in (int[])[4, 64])
        {
            // in a run of its own each costs more than the share
            _costs.ChunkTook(tokens, 10 * decode);
            _costs.JoinedTook(tokens, 8, decode + (1.25 * tokens));
        }

        Assert.Equal(longest, _costs.ChunkBeside(8));
    }

    [Fact]
    public void ChunkBeside_JoinedRunTakesNoLongerThanItsRows_IsTheLongest()
    {
        _costs.JoinsRuns = true;
        _costs.RowsTook(8, 30);
        _costs.JoinedTook(64, 8, 25);

        Assert.Equal(64, _costs.ChunkBeside(8));
    }

    [Fact]
    public void ChunkBeside_MachineBecomesTwiceAsSlow_IsAsLongAsBefore()
    {
        _costs.JoinsRuns = true;
        int before = 0;
        int joined = 0;
        for (int step = 0; step < 100; step++)
        {
            double slowness = step < 40 ? 1 : 2;
            if (_costs.WantsRowsAlone)
            {
                _costs.RowsTook(8, 40 * slowness);
                continue;
            }

            int tokens = _costs.ChunkBeside(8);
            _costs.JoinedTook(tokens, 8, (40 + tokens) * slowness);
            joined++;
            before = step == 39 ? tokens : before;
        }

        Assert.Equal((26, 26), (before, _costs.ChunkBeside(8)));
        Assert.InRange(joined, 80, 95);
    }

    [Fact]
    public void QueuedTokens_TwoPromptsAndOneIsComputed_CountsTheOther()
    {
        CoreDriver driver = new CoreDriver(FakeRunner.ShapeOf(slots: 1)).Submit(Requests.Of(1, promptLength: 8, maxTokens: 50))
            .Submit(Requests.Of(2, promptLength: 30));

        driver.Steps(3);

        Assert.Equal(30, driver.Core.QueuedTokens);
    }
}
