namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>The merges of a BPE model: which two adjacent tokens become which one, and in which order (rank 0 first).</summary>
internal sealed class MergeTable
{
    public const int NoMerge = -1;
    private readonly ulong[] _pairs;
    private readonly int[] _ranks;
    private readonly Merge[] _merges;
    private readonly int _shift;

    private MergeTable(int count)
    {
        int bits = Math.Max(4, 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)count * 2));
        _pairs = new ulong[1 << bits];
        _ranks = new int[1 << bits];
        Array.Fill(_ranks, NoMerge);
        _merges = new Merge[count];
        _shift = 64 - bits;
    }

    public int Count => _merges.Length;

    /// <summary>Builds the table; where a pair is listed twice, the later rank counts, as in the reference implementation.</summary>
    public static MergeTable Build(IReadOnlyList<Merge> merges)
    {
        MergeTable table = new(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            Merge merge = merges[rank];
            table._merges[rank] = merge;
            if (merge.Result >= 0)
            {
                int slot = table.FindSlot(Pair(merge.Left, merge.Right));
                table._pairs[slot] = Pair(merge.Left, merge.Right);
                table._ranks[slot] = rank;
            }
        }

        return table;
    }

    /// <summary>The rank of the merge of two tokens, or <see cref="NoMerge"/>.</summary>
    public int RankOf(int left, int right) => _ranks[FindSlot(Pair(left, right))];

    /// <summary>The merge of this rank.</summary>
    public Merge this[int rank] => _merges[rank];

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int FindSlot(ulong pair)
    {
        int mask = _pairs.Length - 1;
        int slot = (int)((pair * 0x9E3779B97F4A7C15) >> _shift);
        while (_ranks[slot] != NoMerge && _pairs[slot] != pair)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }
}

/// <summary>One merge by token ids; a negative result says that the merge is left out, its rank stays taken.</summary>
internal readonly record struct Merge(int Left, int Right, int Result);
