using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// Which worker holds which prefix, exactly as the workers report it. A name stands for a prefix and everything before it, so who
/// holds a prefix holds all shorter ones: each question is a binary search over a prompt's names.
/// </summary>
internal sealed class PrefixIndex
{
    private readonly Dictionary<ulong, HolderSet> _holders = [];

    // by worker: how many of its places hold the prefix of that name
    private readonly List<Dictionary<ulong, int>> _held = [];
    private readonly Dictionary<(int Worker, long Place), ulong[]> _places = [];

    /// <summary>Different prefixes that are held anywhere.</summary>
    public int Count => _holders.Count;

    /// <summary>A worker's place holds this prefix and nothing else from now on.</summary>
    /// <param name="worker">A small number, because it is used as an index.</param>
    /// <param name="place">A KV slot, or what else the caller tells apart.</param>
    /// <param name="blocks">Kept, not copied; empty when the place holds nothing.</param>
    public void Set(int worker, long place, ulong[] blocks)
    {
        if (_places.Remove((worker, place), out ulong[]? before))
        {
            // what both share stays: a conversation that grows is the usual change
            int shared = before.AsSpan().CommonPrefixLength(blocks);
            Add(worker, blocks.AsSpan(shared));
            Remove(worker, before.AsSpan(shared));
        }
        else
        {
            Add(worker, blocks);
        }

        if (blocks.Length > 0)
        {
            _places.Add((worker, place), blocks);
        }
    }

    /// <summary>The worker holds nothing any more.</summary>
    public void Clear(int worker)
    {
        foreach ((int Worker, long Place) key in _places.Keys)
        {
            // a dictionary may lose entries while it is walked through
            if (key.Worker == worker)
            {
                Set(worker, key.Place, []);
            }
        }
    }

    /// <summary>How many of the blocks the worker holds.</summary>
    public int HeldBy(int worker, ReadOnlySpan<ulong> blocks)
    {
        if (worker >= _held.Count)
        {
            return 0;
        }

        Dictionary<ulong, int> held = _held[worker];
        int low = 0;
        for (int high = blocks.Length; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = held.ContainsKey(blocks[middle]) ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>How many of the blocks are held by more workers than that, all of them by the same ones.</summary>
    public int HeldByMoreThan(int workers, ReadOnlySpan<ulong> blocks)
    {
        int low = 0;
        for (int high = blocks.Length; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = HoldersOf(blocks[middle]).Count > workers ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>The workers that hold the prefix of that name, in no order.</summary>
    public HolderSet HoldersOf(ulong block) => _holders.GetValueOrDefault(block);

    private void Add(int worker, ReadOnlySpan<ulong> blocks)
    {
        while (_held.Count <= worker)
        {
            _held.Add([]);
        }

        Dictionary<ulong, int> held = _held[worker];
        foreach (ulong block in blocks)
        {
            if (++CollectionsMarshal.GetValueRefOrAddDefault(held, block, out _) == 1)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_holders, block, out _).Add(worker);
            }
        }
    }

    private void Remove(int worker, ReadOnlySpan<ulong> blocks)
    {
        foreach (ulong block in blocks)
        {
            ref int places = ref CollectionsMarshal.GetValueRefOrNullRef(_held[worker], block);
            if (--places > 0)
            {
                continue;
            }

            _held[worker].Remove(block);
            ref HolderSet holders = ref CollectionsMarshal.GetValueRefOrNullRef(_holders, block);
            holders.Remove(worker);
            if (holders.Count == 0)
            {
                _holders.Remove(block);
            }
        }
    }
}
