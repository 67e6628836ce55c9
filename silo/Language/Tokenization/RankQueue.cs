namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// Positions waiting for their merge, one list per rank. A list is a chain of small blocks, each one cache line, because a list is
/// filled and emptied from front to back while a million others' entries lie between.
/// </summary>
internal sealed class RankQueue(int rankCount)
{
    private const int None = -1;
    private const int BlockSize = 16;
    private const int CountAt = 0;
    private const int NextAt = 1;
    private const int FirstAt = 2;

    private readonly int[] _firstBlock = NewList(rankCount);
    private readonly int[] _lastBlock = new int[rankCount];
    private readonly PriorityQueue<int, int> _ranks = new();
    private int[] _blocks = new int[64 * BlockSize];
    private int _blockCount;
    private int _freeBlock = None;
    private int[] _batch = new int[64];

    /// <summary>The lowest rank that a position waits for; int.MaxValue when none does.</summary>
    public int LowestRank => _ranks.TryPeek(out int rank, out _) ? rank : int.MaxValue;

    /// <summary>What the queue holds on to, in positions.</summary>
    public int Capacity => Math.Max(_blocks.Length, _batch.Length);

    public void Enqueue(int rank, int position)
    {
        int block = _firstBlock[rank] == None ? StartList(rank) : _lastBlock[rank];
        if (_blocks[block + CountAt] == BlockSize - FirstAt)
        {
            int next = TakeBlock();
            _blocks[block + NextAt] = next;
            _lastBlock[rank] = next;
            block = next;
        }

        _blocks[block + FirstAt + _blocks[block + CountAt]++] = position;
    }

    /// <summary>Takes all positions of the lowest rank, in ascending order; valid until the next call. Empty when nothing waits.</summary>
    public ReadOnlySpan<int> TakeLowest(out int rank)
    {
        if (!_ranks.TryDequeue(out rank, out _))
        {
            return default;
        }

        int count = 0;
        bool ordered = true;
        for (int block = _firstBlock[rank]; block != None;)
        {
            ReadOnlySpan<int> positions = _blocks.AsSpan(block + FirstAt, _blocks[block + CountAt]);
            foreach (int position in positions)
            {
                if (count == _batch.Length)
                {
                    Array.Resize(ref _batch, count * 2);
                }

                ordered &= count == 0 || _batch[count - 1] < position;
                _batch[count++] = position;
            }

            block = FreeBlock(block);
        }

        _firstBlock[rank] = None;
        if (!ordered)
        {
            _batch.AsSpan(0, count).Sort();
        }

        return _batch.AsSpan(0, count);
    }

    private static int[] NewList(int count)
    {
        int[] list = new int[count];
        Array.Fill(list, None);
        return list;
    }

    private int StartList(int rank)
    {
        int block = TakeBlock();
        _firstBlock[rank] = block;
        _lastBlock[rank] = block;
        _ranks.Enqueue(rank, rank);
        return block;
    }

    private int TakeBlock()
    {
        int block = _freeBlock;
        if (block != None)
        {
            _freeBlock = _blocks[block + NextAt];
        }
        else
        {
            block = _blockCount++ * BlockSize;
            if (block == _blocks.Length)
            {
                Array.Resize(ref _blocks, block * 2);
            }
        }

        _blocks[block + CountAt] = 0;
        _blocks[block + NextAt] = None;
        return block;
    }

    private int FreeBlock(int block)
    {
        int next = _blocks[block + NextAt];
        _blocks[block + NextAt] = _freeBlock;
        _freeBlock = block;
        return next;
    }
}
