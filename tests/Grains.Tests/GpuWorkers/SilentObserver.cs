using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

/// <summary>Stands for a frontend where only its identity matters.</summary>
internal sealed class SilentObserver : ITokenObserver
{
    public Task OnTokensAsync(TokenBatch batch) => Task.CompletedTask;
}
