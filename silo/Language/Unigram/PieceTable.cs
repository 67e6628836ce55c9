using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.Unigram;

/// <summary>
/// Finds every piece that a text begins with: the pieces in the order of their bytes, and a range of them that narrows with each byte
/// read. It takes four bytes per piece, where a trie takes a node per byte.
/// </summary>
internal sealed class PieceTable
{
    private readonly Vocabulary _vocabulary;
    private readonly int[] _sorted;

    /// <param name="ids">The pieces that a text may become.</param>
    public PieceTable(Vocabulary vocabulary, IEnumerable<int> ids)
    {
        _vocabulary = vocabulary;
        _sorted = [.. ids];
        Array.Sort(_sorted, (left, right) => vocabulary.TokenOf(left).SequenceCompareTo(vocabulary.TokenOf(right)));
    }

    /// <summary>Begins a search at some place of a text.</summary>
    public Search Begin() => new(this);

    /// <summary>A range of pieces that share the bytes read so far.</summary>
    public ref struct Search(PieceTable table)
    {
        private int _low;
        private int _high = table._sorted.Length;
        private int _depth;

        /// <summary>Reads the next byte; false when no piece goes on with it.</summary>
        /// <param name="id">The piece that ends here, or -1.</param>
        public bool TryRead(byte value, out int id)
        {
            _low = table.FirstAtLeast(_low, _high, _depth, value);
            _high = table.FirstAtLeast(_low, _high, _depth, value + 1);
            _depth++;
            // the shorter piece comes first
            id = _low < _high && table._vocabulary.TokenOf(table._sorted[_low]).Length == _depth ? table._sorted[_low] : -1;
            return _low < _high;
        }
    }

    // pieces that end before this depth count as lower than any byte
    private int FirstAtLeast(int low, int high, int depth, int value)
    {
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            ReadOnlySpan<byte> piece = _vocabulary.TokenOf(_sorted[middle]);
            (low, high) = depth >= piece.Length || piece[depth] < value ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
