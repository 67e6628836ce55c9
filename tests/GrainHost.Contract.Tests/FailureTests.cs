using DeepSeekOrleans.GrainHost.Contract.Tests.Support;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

[Collection(SharedCluster.Name)]
public sealed class FailureTests(TwoSilos silos)
{
    [Fact]
    public async Task Exception_WellKnown_ReachesTheCallerWithItsType()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => NewGrain(1).ThrowAsync("known"));

        Assert.Equal("known failure", failure.Message);
    }

    [Fact]
    public async Task Exception_WithSerializer_KeepsItsMembers()
    {
        var failure = await Assert.ThrowsAsync<RefusedException>(() => NewGrain(1).ThrowAsync("own"));

        Assert.Equal(("own failure", 429), (failure.Message, failure.Code));
    }

    [Fact]
    public async Task Exception_WithInner_KeepsIt()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => NewGrain(1).ThrowAsync("inner"));

        Assert.Equal("cause", Assert.IsType<ArgumentException>(failure.InnerException).Message);
    }

    [Fact]
    public async Task Exception_ThroughTwoGrains_KeepsItsType()
    {
        await Assert.ThrowsAsync<RefusedException>(() => NewGrain(0).ThrowByOtherAsync(silos.NewKeyOn(1), "own"));
    }

    [Fact]
    public async Task Exception_FromGrainOfTheSameSilo_KeepsItsType()
    {
        await Assert.ThrowsAsync<RefusedException>(() => NewGrain(0).ThrowByOtherAsync(silos.NewKeyOn(0), "own"));
    }

    [Fact]
    public async Task Exception_LeavesTheGrainUsable()
    {
        IFaultyGrain grain = NewGrain(0);

        await Assert.ThrowsAsync<InvalidOperationException>(() => grain.ThrowAsync("known"));

        await grain.ThrowAsync("nothing");
    }

    [Fact]
    public async Task ResponseTimeout_OfTheMethod_EndsTheCall()
    {
        IFaultyGrain grain = NewGrain(1);
        string name = silos.NewKey();

        await Assert.ThrowsAsync<TimeoutException>(() => grain.WaitShortlyAsync(name));

        Signal.Named(name).Raise();
    }

    private IFaultyGrain NewGrain(int silo) => silos.Client.GetGrain<IFaultyGrain>(silos.NewKeyOn(silo));
}

[GenerateSerializer]
public sealed class RefusedException(string message) : Exception(message)
{
    [Id(0)] public int Code { get; set; }
}

public interface IFaultyGrain : IGrainWithStringKey
{
    Task ThrowAsync(string kind);

    Task ThrowByOtherAsync(string otherKey, string kind);

    [ResponseTimeout("00:00:01")]
    Task WaitShortlyAsync(string name);
}

[PinnedPlacement]
public sealed class FaultyGrain : Grain, IFaultyGrain
{
    public async Task ThrowAsync(string kind)
    {
        await Task.Yield();
        if (kind == "nothing")
        {
            return;
        }

        throw kind switch
        {
            "known" => new InvalidOperationException("known failure"),
            "own" => new RefusedException("own failure") { Code = 429 },
            "inner" => new InvalidOperationException("outer", new ArgumentException("cause")),
            _ => new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    public Task ThrowByOtherAsync(string otherKey, string kind) => GrainFactory.GetGrain<IFaultyGrain>(otherKey).ThrowAsync(kind);

    public Task WaitShortlyAsync(string name) => Signal.Named(name).Raised;
}
