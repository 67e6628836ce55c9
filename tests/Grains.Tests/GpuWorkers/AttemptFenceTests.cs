using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

public sealed class AttemptFenceTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Refuses_AfterSecondAttempt_LetsOnlyTheThirdPass(int number, bool refused)
    {
        var fence = new AttemptFence(limit: 16);
        fence.Raise(new Attempt("r", 7, 2));
        fence.Raise(new Attempt("r", 7, 1));

        Assert.Equal(refused, fence.Refuses(new Attempt("r", 7, number)));
    }

    [Fact]
    public void Refuses_SameStreamNumberOfAnotherRequest_LetsItPass()
    {
        var fence = new AttemptFence(limit: 16);
        fence.Raise(new Attempt("r", 7, 1));

        Assert.False(fence.Refuses(new Attempt("other", 7, 1)));
    }

    [Fact]
    public void Raise_BeyondTheLimit_ForgetsTheOldest()
    {
        var fence = new AttemptFence(limit: 2);

        fence.Raise(new Attempt("r", 1, 1));
        fence.Raise(new Attempt("r", 2, 1));
        fence.Raise(new Attempt("r", 3, 1));

        Assert.Equal(
            [false, true, true],
            Enumerable.Range(1, 3).Select(stream => fence.Refuses(new Attempt("r", stream, 1))));
    }
}
