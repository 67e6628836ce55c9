namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>Where an attempt begins.</summary>
/// <param name="StreamId">The answer's name in this frontend, the same in all of its attempts.</param>
/// <param name="Number">The attempt's number; 1 for the first.</param>
/// <param name="EmittedIds">Tokens that earlier attempts have delivered.</param>
/// <param name="Breaks">Workers that have stalled or fallen silent under earlier attempts; see <see cref="GrainInterfaces.GenerationOrder.Breaks"/>.</param>
/// <param name="Retries">How often the cluster has been asked in vain; it gets more time to answer with each.</param>
internal readonly record struct AttemptStart(long StreamId, int Number, int[] EmittedIds, int Breaks = 0, int Retries = 0)
{
    public bool IsMove => EmittedIds.Length > 0 || Number > 1;

    public AttemptStart Next() => this with { Number = Number + 1 };
}
