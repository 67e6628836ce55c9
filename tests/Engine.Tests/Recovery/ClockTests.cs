using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Recovery;

/// <summary>The clock on the wall is set under an engine at work.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(30 * 24)]
    [InlineData(-30 * 24)]
    public async Task R16_ClockSetUnderAnEngineThatHangs_IsStalledWhenItsTimeIsOver(double hours)
    {
        using var release = new ManualResetEventSlim();
        using var hangs = new ManualResetEventSlim();
        await using var engine = new RebuildableEngine((runner, number) => runner.BeforeRun = number > 0 ? null : () =>
        {
            hangs.Set();
            release.Wait(Limit);
        });
        engine.Submit([Requests.Of(1)]);
        engine.Engine.Start();
        Assert.True(hangs.Wait(Limit), "the engine never ran");

        engine.Clock.Jump(TimeSpan.FromHours(hours));
        engine.Time.Advance(TimeSpan.FromSeconds(9));
        bool early = engine.Engine.Status.Stalled || engine.Engine.Status.Rebuilding;
        engine.Time.Advance(TimeSpan.FromSeconds(2));
        await engine.AllEndedAsync();
        release.Set();

        Assert.Equal((false, 1), (early, engine.Engine.Status.Rebuilds));
    }
}
