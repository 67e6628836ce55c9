using System.Threading.Channels;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

/// <summary>A frontend whose answers the test decides; every message can be awaited.</summary>
internal sealed class RecordingObserver : ITokenObserver
{
    private readonly Channel<TokenBatch> _heard = Channel.CreateUnbounded<TokenBatch>();

    /// <summary>What each message is answered with.</summary>
    public Task Answer { get; set; } = Task.CompletedTask;

    public int Heard { get; private set; }

    public Task OnTokensAsync(TokenBatch batch)
    {
        Heard++;
        _heard.Writer.TryWrite(batch);
        return Answer;
    }

    public async Task<TokenBatch> NextAsync() => await _heard.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
}
