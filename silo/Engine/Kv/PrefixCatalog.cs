using System.Collections.Immutable;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Kv;

/// <summary>
/// Which prefix each slot holds, for a router on another thread. A change replaces what one slot holds, and only the latest of a slot
/// is kept: whoever missed some still gets the truth, and the memory does not depend on the number of changes. Written where sequences
/// begin and end, never per token, without an allocation.
/// </summary>
internal sealed class PrefixCatalog
{
    // Guards everything below. Held for hashing one sequence at most.
    private readonly Lock _gate = new();
    private readonly Entry[] _entries;
    private readonly ulong[] _scratch;
    private readonly int _block;
    private long _changes;

    public PrefixCatalog(int slots, int contextLength, int block)
    {
        _block = block;
        _scratch = new ulong[contextLength / block];
        _entries = [.. Enumerable.Range(0, slots).Select(_ => new Entry(_scratch.Length))];
    }

    /// <summary>The slot holds these tokens of the tenant from its beginning.</summary>
    public void Set(int slot, string tenant, ReadOnlySpan<int> tokens)
    {
        lock (_gate)
        {
            Span<ulong> blocks = _scratch.AsSpan(0, tokens.Length / _block);
            PrefixChain.Write(tenant, tokens, _block, blocks);
            Entry entry = _entries[slot];
            if (!string.Equals(entry.Tenant, tenant, StringComparison.Ordinal) || !blocks.SequenceEqual(entry.Blocks.AsSpan(0, entry.Count)))
            {
                blocks.CopyTo(entry.Blocks);
                Note(entry, tenant, blocks.Length);
            }
        }
    }

    /// <summary>The slot holds no more than its first tokens.</summary>
    public void Cut(int slot, int length)
    {
        lock (_gate)
        {
            Entry entry = _entries[slot];
            if (entry.Count > length / _block)
            {
                Note(entry, entry.Tenant, length / _block);
            }
        }
    }

    /// <summary>The slot holds nothing.</summary>
    public void Clear(int slot)
    {
        lock (_gate)
        {
            if (_entries[slot].Tenant is not null)
            {
                Note(_entries[slot], null, 0);
            }
        }
    }

    /// <summary>
    /// Goes on with the numbers of another one, of which nothing is held any more: its slots count as cleared, unless they already hold
    /// something new.
    /// </summary>
    public void Succeed(PrefixCatalog earlier)
    {
        long last = earlier.LastChange;
        lock (_gate)
        {
            _changes += last;
            foreach (Entry entry in _entries)
            {
                entry.Change = ++_changes;
            }
        }
    }

    private long LastChange
    {
        get
        {
            lock (_gate)
            {
                return _changes;
            }
        }
    }

    /// <summary>What has changed after the change of that number; after 0, every slot that ever held something. Any thread.</summary>
    public ImmutableArray<HeldPrefix> Since(long change)
    {
        lock (_gate)
        {
            ImmutableArray<HeldPrefix>.Builder held = ImmutableArray.CreateBuilder<HeldPrefix>();
            for (int slot = 0; slot < _entries.Length; slot++)
            {
                Entry entry = _entries[slot];
                if (entry.Change > change)
                {
                    held.Add(new HeldPrefix(slot, entry.Change, entry.Tenant, [.. entry.Blocks.AsSpan(0, entry.Count)]));
                }
            }

            return held.ToImmutable();
        }
    }

    private void Note(Entry entry, string? tenant, int count)
    {
        entry.Tenant = tenant;
        entry.Count = count;
        entry.Change = ++_changes;
    }

    private sealed class Entry(int blocks)
    {
        public string? Tenant { get; set; }

        public ulong[] Blocks { get; } = new ulong[blocks];

        public int Count { get; set; }

        public long Change { get; set; }
    }
}
