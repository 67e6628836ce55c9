using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Streams;

/// <summary>The calls by which a reader pulls the items of an IAsyncEnumerable out of a grain. They interleave with all others.</summary>
[Alias("embedded.IEnumeratorExtension")]
internal interface IEnumeratorExtension : IAddressable
{
    [AlwaysInterleave]
    ValueTask<EnumerationBatch> StartAsync(EnumerationStart start);

    [AlwaysInterleave]
    ValueTask<EnumerationBatch> MoveNextAsync(Guid id);

    [AlwaysInterleave, OneWay]
    Task EndAsync(Guid id);
}

/// <summary>Which method of the grain to enumerate, with its arguments.</summary>
[GenerateSerializer]
internal sealed record EnumerationStart
{
    /// <summary>Chosen by the reader.</summary>
    [Id(0)] public required Guid Id { get; init; }

    [Id(1)] public required string Interface { get; init; }

    [Id(2)] public required uint Method { get; init; }

    [Id(3)] public required object?[] Arguments { get; init; }

    [Id(4)] public required int MaxBatchSize { get; init; }

    /// <summary>The grain answers within this time, with a heartbeat when it has no item yet.</summary>
    [Id(5)] public required TimeSpan LongestPoll { get; init; }
}

internal enum EnumerationState
{
    /// <summary>Nothing yet; ask again.</summary>
    Heartbeat = 0,

    /// <summary>Items, and more may follow.</summary>
    Items = 1,

    /// <summary>The last items, which may be none.</summary>
    Completed = 2,

    /// <summary>The grain does not know the enumerator.</summary>
    Missing = 3,

    /// <summary>The last items; then the enumeration failed.</summary>
    Failed = 4,
}

/// <param name="Items">An array of the enumeration's item type.</param>
[GenerateSerializer]
internal sealed record EnumerationBatch(
    [property: Id(0)] EnumerationState State,
    [property: Id(1)] object? Items,
    [property: Id(2)] Exception? Failure);
