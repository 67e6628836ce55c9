namespace DeepSeekOrleans.Grains.Routing;

/// <summary>The workers as policies see them: by number, those that can take a request without gaps, and the lowest in rank.</summary>
/// <param name="rank">Orders the workers, lower is better; infinite is not allowed.</param>
internal sealed class WorkerTable(Func<WorkerView, double> rank)
{
    private const int Absent = -1;

    private readonly List<WorkerView?> _workers = [];
    private readonly Stack<int> _freeIds = new();
    private readonly List<WorkerView> _open = [];

    // where each worker stands in _open, and what it adds to the sums
    private readonly List<(int Place, int Load, int Slots)> _entries = [];
    private readonly WorkerRanking _ranking = new();

    /// <summary>Workers that serve and have room, in no order.</summary>
    public IReadOnlyList<WorkerView> Open => _open;

    /// <summary>The open worker of the lowest rank; null when none is open.</summary>
    public WorkerView? Lowest => _ranking.Lowest == WorkerRanking.Nobody ? null : _workers[_ranking.Lowest];

    /// <summary>The open worker of the lowest rank that is accepted, of so many; null when none of them is.</summary>
    public WorkerView? FindLowest(Func<WorkerView, WorkerTable, bool> accepts, int mostLooks)
    {
        int found = _ranking.FindLowest(id => accepts(_workers[id]!, this), mostLooks);
        return found == WorkerRanking.Nobody ? null : _workers[found];
    }

    /// <summary>Numbers up to which workers stand in the table.</summary>
    public int IdLimit => _workers.Count;

    /// <summary>Sequences on the workers that serve.</summary>
    public long Load { get; private set; }

    /// <summary>KV slots of the workers that serve.</summary>
    public long Slots { get; private set; }

    public WorkerView? this[int id] => _workers[id];

    /// <summary>The next worker's number.</summary>
    public int NextId => _freeIds.TryPeek(out int free) ? free : _workers.Count;

    public bool IsOpen(int id) => _entries[id].Place != Absent;

    /// <param name="worker">Has <see cref="NextId"/> as its number.</param>
    public void Add(WorkerView worker)
    {
        if (_freeIds.TryPop(out int id))
        {
            _workers[id] = worker;
        }
        else
        {
            _workers.Add(worker);
            _entries.Add((Absent, 0, 0));
        }

        Update(worker);
    }

    public void Remove(WorkerView worker)
    {
        worker.Distrust();
        Update(worker);
        _workers[worker.Id] = null;
        _freeIds.Push(worker.Id);
    }

    /// <summary>To be called after each change of a worker.</summary>
    public void Update(WorkerView worker)
    {
        (int place, int load, int slots) = _entries[worker.Id];
        (int loadNow, int slotsNow) = worker.Serves ? (worker.Load, worker.Status.Slots) : (0, 0);
        Load += loadNow - load;
        Slots += slotsNow - slots;
        bool open = worker is { Serves: true, HasRoom: true };
        if (open && place == Absent)
        {
            place = _open.Count;
            _open.Add(worker);
        }
        else if (!open && place != Absent)
        {
            Close(place);
            place = Absent;
        }

        _entries[worker.Id] = (place, loadNow, slotsNow);
        _ranking.Set(worker.Id, open ? rank(worker) : double.PositiveInfinity, worker.LastBooking);
    }

    private void Close(int place)
    {
        WorkerView last = _open[^1];
        _open[place] = last;
        _entries[last.Id] = _entries[last.Id] with { Place = place };
        _open.RemoveAt(_open.Count - 1);
    }
}
