using System.Buffers;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// Merges one long word in time proportional to its length. Positions wait by the rank of their merge; the lowest rank is worked
/// off from left to right, which is the order of the textbook algorithm (lowest rank first, then leftmost). A heap over positions
/// gives the same tokens but misses the cache on every step once the word has a million symbols. For the same reason a symbol has
/// 8 bytes and no links: it knows its length at its first and at its last position, so both neighbours can be found.
/// </summary>
internal sealed class LongWordMerger(MergeTable merges)
{
    private const int Gone = -1;
    private readonly RankQueue _queue = new(merges.Count);
    private Symbol[] _symbols = [];
    private int _count;

    /// <summary>What the merger holds on to between words, in positions.</summary>
    public int Capacity => _queue.Capacity;

    /// <summary>Merges in place; returns how many tokens at the front of <paramref name="ids"/> are left.</summary>
    public int Merge(Span<int> ids)
    {
        _count = ids.Length;
        _symbols = ArrayPool<Symbol>.Shared.Rent(_count);
        Prepare(ids);
        for (ReadOnlySpan<int> batch = _queue.TakeLowest(out int rank); !batch.IsEmpty; batch = _queue.TakeLowest(out rank))
        {
            WorkOff(rank, batch);
        }

        int left = 0;
        for (int position = 0; position < _count; position += _symbols[position].Length)
        {
            ids[left++] = _symbols[position].Id;
        }

        ArrayPool<Symbol>.Shared.Return(_symbols);
        _symbols = [];
        return left;
    }

    private void Prepare(ReadOnlySpan<int> ids)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            _symbols[i] = new Symbol { Id = ids[i], Length = 1 };
            if (i > 0)
            {
                Enqueue(i - 1, ids[i - 1], ids[i]);
            }
        }
    }

    private void WorkOff(int rank, ReadOnlySpan<int> batch)
    {
        Merge merge = merges[rank];
        for (int i = 0; i < batch.Length; i++)
        {
            // a position whose pair has changed since it was queued waits under another rank
            int right = batch[i] + _symbols[batch[i]].Length;
            if (_symbols[batch[i]].Id == merge.Left && right < _count && _symbols[right].Id == merge.Right)
            {
                Join(batch[i], right, merge.Result);
            }

            // merge lists exist whose results merge earlier than their parts: the lower rank goes first, as in the reference
            if (_queue.LowestRank < rank)
            {
                foreach (int position in batch[(i + 1)..])
                {
                    _queue.Enqueue(rank, position);
                }

                return;
            }
        }
    }

    private void Join(int position, int right, int result)
    {
        int length = _symbols[position].Length + _symbols[right].Length;
        _symbols[right].Id = Gone;
        _symbols[position + length - 1].Length = length;
        _symbols[position] = new Symbol { Id = result, Length = length };
        int after = position + length;
        if (after < _count)
        {
            Enqueue(position, result, _symbols[after].Id);
        }

        if (position > 0)
        {
            int before = position - _symbols[position - 1].Length;
            Enqueue(before, _symbols[before].Id, result);
        }
    }

    private void Enqueue(int position, int left, int right)
    {
        int rank = merges.RankOf(left, right);
        if (rank != MergeTable.NoMerge)
        {
            _queue.Enqueue(rank, position);
        }
    }

    private struct Symbol
    {
        /// <summary>The token at its first position; <see cref="Gone"/> at the first position of what it has swallowed.</summary>
        public int Id;

        /// <summary>In positions; valid at the first and at the last one.</summary>
        public int Length;
    }
}
