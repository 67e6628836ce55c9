using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Lifecycle;

internal sealed class StartupTaskParticipant(Func<CancellationToken, Task> task, int stage) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(StartupTaskParticipant), stage, task);
}
