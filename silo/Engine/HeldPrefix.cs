using System.Collections.Immutable;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine;

/// <summary>The prefix that one KV slot holds, in whole blocks of <see cref="EngineOptions.PrefixBlock"/> tokens.</summary>
/// <param name="Slot">Takes the place of what was told about this slot before.</param>
/// <param name="Change">Counts the changes of this engine, from 1.</param>
/// <param name="Tenant">Null when the slot holds nothing that can be reused.</param>
/// <param name="Blocks">Names as <see cref="PrefixChain"/> gives them, from the beginning of the sequence; empty when it is shorter than one block.</param>
public readonly record struct HeldPrefix(int Slot, long Change, string? Tenant, ImmutableArray<ulong> Blocks);
