using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

public sealed class StepBufferTests
{
    private static readonly EmittedToken Token = new(1, 0, 5, Finish: null);

    private readonly StepBuffer _buffer = new(limit: 3);

    [Fact]
    public void Take_SeveralStepsHaveArrived_ReturnsThemAllOnce()
    {
        _buffer.OnStep([Token]);
        _buffer.OnStep([Token, Token]);

        (int first, int second) = (_buffer.Take().Tokens.Length, _buffer.Take().Tokens.Length);

        Assert.Equal((3, 0), (first, second));
    }

    [Fact]
    public void OnStep_BeyondTheLimit_KeepsWhatFitsAndGivesUp()
    {
        _buffer.OnStep([Token, Token]);
        _buffer.OnStep([Token, Token]);
        _buffer.OnStep([Token]);

        StepBuffer.Arrivals taken = _buffer.Take();

        Assert.Equal((2, StreamFinish.WorkerStopping), (taken.Tokens.Length, taken.GivenUp));
    }

    [Fact]
    public async Task WaitAsync_CompletedWithTokensLeft_IsTrueOnceMore()
    {
        _buffer.OnStep([Token]);
        _buffer.Complete();

        bool left = await _buffer.WaitAsync(CancellationToken.None);
        _buffer.Take();
        bool done = await _buffer.WaitAsync(CancellationToken.None);

        Assert.Equal((true, false), (left, done));
    }

    [Fact]
    public async Task WaitAsync_BeatRequested_IsTrueAndTheBeatIsDueOnce()
    {
        _buffer.RequestBeat();

        bool woken = await _buffer.WaitAsync(CancellationToken.None);

        Assert.Equal((true, true, false), (woken, _buffer.Take().BeatDue, _buffer.Take().BeatDue));
    }
}
