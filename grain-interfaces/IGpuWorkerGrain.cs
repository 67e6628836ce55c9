using Orleans.Concurrency;

namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>
/// One engine on one device of one silo. The key is <c>{silo}/{device}/{model}</c> (<see cref="WorkerKey"/>), and the grain
/// lives on the silo that its key names.
/// </summary>
[Alias("deepseek.IGpuWorkerGrain")]
public interface IGpuWorkerGrain : IGrainWithStringKey
{
    /// <summary>Loads the engine if it is not loaded yet and reports it to the router. Called by the silo when it starts.</summary>
    [ResponseTimeout("00:10:00")]
    Task<WorkerStatus> LoadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Admits an attempt or refuses it at once; one whose answer is being computed already joins it. Its tokens go to
    /// <paramref name="observer"/> in <see cref="TokenBatch"/>
    /// messages until one carries a finish reason.
    /// </summary>
    [ResponseTimeout("00:00:05")]
    Task<StartReply> StartAsync(Attempt attempt, GenerationOrder order, ITokenObserver observer);

    /// <summary>Stops an attempt; its KV slot is free within two engine steps. Unknown attempts are ignored.</summary>
    [OneWay]
    Task CancelAsync(Attempt attempt);

    Task<WorkerStatus> GetStatusAsync();
}
