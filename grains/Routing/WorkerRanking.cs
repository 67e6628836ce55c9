namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// The worker of the lowest rank, kept by a tournament: a change costs one comparison for each doubling of the number of workers, the
/// winner nothing. Among equals the one that was booked longest ago wins, so that idle workers share the work.
/// </summary>
internal sealed class WorkerRanking
{
    public const int Nobody = -1;

    // winners of the pairs below; leaf i stands at _capacity + i
    private int[] _winners = [Nobody, Nobody];
    private (double Rank, long LastBooking)[] _ranks = [(double.PositiveInfinity, 0)];
    private int _capacity = 1;

    // a search's subtrees that have not been looked into, by their winners
    private readonly PriorityQueue<int, (double Rank, long LastBooking)> _ahead = new();

    /// <summary>Nobody when no worker has a rank.</summary>
    public int Lowest => _winners[1];

    /// <summary>The first worker in the order of ranks that is accepted; Nobody when none of those looked at is.</summary>
    /// <param name="mostLooks">Each costs as much as a change.</param>
    public int FindLowest(Func<int, bool> accepts, int mostLooks)
    {
        _ahead.Clear();
        Await(1);
        for (int looks = 0; looks < mostLooks && _ahead.TryDequeue(out int subtree, out _); looks++)
        {
            int winner = _winners[subtree];
            if (accepts(winner))
            {
                return winner;
            }

            // next is one that lost to it
            for (int node = _capacity + winner; node > subtree; node /= 2)
            {
                Await(node ^ 1);
            }
        }

        return Nobody;
    }

    /// <summary>Gives a worker its rank, or takes it away where that is infinite.</summary>
    public void Set(int worker, double rank, long lastBooking)
    {
        while (worker >= _capacity)
        {
            Grow();
        }

        _ranks[worker] = (rank, lastBooking);
        _winners[_capacity + worker] = double.IsPositiveInfinity(rank) ? Nobody : worker;
        for (int node = (_capacity + worker) / 2; node > 0; node /= 2)
        {
            _winners[node] = Winner(_winners[2 * node], _winners[(2 * node) + 1]);
        }
    }

    private void Await(int subtree)
    {
        if (_winners[subtree] != Nobody)
        {
            _ahead.Enqueue(subtree, _ranks[_winners[subtree]]);
        }
    }

    private int Winner(int left, int right) =>
        left == Nobody ? right
        : right == Nobody ? left
        : _ranks[right].CompareTo(_ranks[left]) < 0 ? right : left;

    private void Grow()
    {
        int[] before = _winners[_capacity..];
        _capacity *= 2;
        Array.Resize(ref _ranks, _capacity);
        _winners = new int[2 * _capacity];
        Array.Fill(_winners, Nobody);
        before.CopyTo(_winners, _capacity);
        for (int node = _capacity - 1; node > 0; node--)
        {
            _winners[node] = Winner(_winners[2 * node], _winners[(2 * node) + 1]);
        }
    }
}
