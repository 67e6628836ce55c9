using Orleans.Concurrency;

namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>The router of one model: who can serve, how busy each is, and which exact answers are known. The key is <c>{model}/{shard}</c>.</summary>
[Alias("deepseek.IPromptCacheGrain")]
public interface IPromptCacheGrain : IGrainWithStringKey
{
    /// <summary>Answers from the response cache, names the worker that computes an equal request now, or books room on a worker.</summary>
    [ResponseTimeout("00:00:05")]
    Task<Dispatch> RouteAsync(SessionRequest request, int attemptNumber);

    /// <summary>Gives a booking back; see <see cref="Completion"/>.</summary>
    Task CompleteAsync(Completion completion);

    /// <summary>A worker's news.</summary>
    [OneWay]
    Task ReportAsync(WorkerStatus status);

    /// <summary>Which prefixes a worker's slots hold, as far as that has changed.</summary>
    /// <returns>
    /// The change up to which the router knows them: the next report goes on from there. It is less than what was told when the router
    /// missed a report or has just been activated; 0 asks for everything.
    /// </returns>
    [ResponseTimeout("00:00:01")]
    Task<long> ReportPrefixesAsync(PrefixReport report);

    /// <summary>Forgets one kept answer.</summary>
    /// <returns>False when the store could not be reached, and may still hold it.</returns>
    Task<bool> PurgeAnswerAsync(AnswerKey key);

    /// <summary>Forgets kept answers, also those of models that have another router.</summary>
    /// <returns>False when the store could not be reached, and may still hold some.</returns>
    [ResponseTimeout("00:01:00")]
    Task<bool> PurgeAnswersAsync(AnswerScope scope);

    /// <summary>The latest news of every worker that is believed to live.</summary>
    [ResponseTimeout("00:00:05")]
    Task<WorkerStatus[]> GetWorkersAsync();
}
