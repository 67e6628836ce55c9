namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>What a worker's KV slots hold, as far as that has changed since an earlier report.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.PrefixReport")]
public sealed record PrefixReport
{
    [Id(0)] public required WorkerKey Worker { get; init; }

    /// <summary>Grows whenever the worker is activated anew; the numbers of changes start again with it.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>The change after which this report begins; 0 when it tells everything.</summary>
    [Id(2)] public required long Since { get; init; }

    /// <summary>The last change that this report tells.</summary>
    [Id(3)] public required long UpTo { get; init; }

    /// <summary>Tokens in a block.</summary>
    [Id(4)] public required int BlockTokens { get; init; }

    /// <summary>The slots that have changed; each takes the place of what was told about it before.</summary>
    [Id(5)] public SlotPrefix[] Slots { get; init; } = [];
}

/// <param name="Slot">From 0.</param>
/// <param name="Blocks">The names of the prefixes in the slot, see <see cref="SessionRequest.PrefixChain"/>; empty when it holds none.</param>
[GenerateSerializer, Immutable, Alias("deepseek.SlotPrefix")]
public readonly record struct SlotPrefix(
    [property: Id(0)] int Slot,
    [property: Id(1)] ulong[] Blocks);
