namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>
/// One try to compute one stream. A stream that moves keeps its <paramref name="StreamId"/> and gets the next
/// <paramref name="Number"/>; messages of older numbers are dropped (fencing).
/// </summary>
/// <param name="RequestId">
/// The request, as the logs know it: made by the frontend and unique in the cluster, never a text that a client has chosen, because
/// workers tell streams apart by it.
/// </param>
/// <param name="StreamId">The stream, unique within the frontend that opened it.</param>
/// <param name="Number">1 for the first attempt.</param>
[GenerateSerializer, Immutable, Alias("deepseek.Attempt")]
public readonly record struct Attempt(
    [property: Id(0)] string RequestId,
    [property: Id(1)] long StreamId,
    [property: Id(2)] int Number);
