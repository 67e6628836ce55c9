namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// Workers that came, or came back, while the cluster was at work. Conversations stay where their prefixes are, so nothing would lead
/// one to a worker that holds none: it is owed its share of the requests, by slots and from its coming on, until it has had some. These
/// requests leave their prefixes, and their conversations stay there.
/// </summary>
internal sealed class Newcomers
{
    // Requests after which a newcomer is one of the others. Each may cost a prefix that is computed a second time; with fewer, a cluster
    // of many short conversations would have forgotten it before each of its users has spoken again.
    private const int Introduction = 64;

    // looked at for one request: when a whole rack comes, its workers take turns
    private const int MostLooks = 4;

    private readonly LinkedList<Entry> _entries = new();
    private readonly Dictionary<int, LinkedListNode<Entry>> _byWorker = [];

    public int Count => _entries.Count;

    /// <param name="bookings">Requests that the router has booked so far.</param>
    public void Add(WorkerView worker, long bookings)
    {
        Forget(worker);
        _byWorker.Add(worker.Id, _entries.AddLast(new Entry(worker, bookings)));
    }

    public void Forget(WorkerView worker)
    {
        if (_byWorker.Remove(worker.Id, out LinkedListNode<Entry>? entry))
        {
            _entries.Remove(entry);
        }
    }

    /// <summary>The newcomer that the next request is owed to; null when there is none, or none that may take more.</summary>
    public WorkerView? Owed(WorkerTable workers, long bookings)
    {
        for (int looks = Math.Min(_entries.Count, MostLooks); looks > 0; looks--)
        {
            LinkedListNode<Entry> first = _entries.First!;
            Entry entry = first.Value;
            double share = (double)entry.Worker.Status.Slots / Math.Max(workers.Slots, 1);
            if (workers.IsOpen(entry.Worker.Id)
                && entry.Taken < share * (bookings + 1 - entry.Since)
                && BoundedLoad.Allows(entry.Worker, workers))
            {
                return entry.Worker;
            }

            _entries.RemoveFirst();
            _entries.AddLast(first);
        }

        return null;
    }

    /// <summary>Counts a request that was booked on the worker, for whatever reason.</summary>
    public void Booked(WorkerView worker)
    {
        if (_byWorker.TryGetValue(worker.Id, out LinkedListNode<Entry>? entry) && ++entry.Value.Taken == Introduction)
        {
            Forget(worker);
        }
    }

    private sealed class Entry(WorkerView worker, long since)
    {
        public WorkerView Worker => worker;

        /// <summary>The router's bookings before it came.</summary>
        public long Since => since;

        public int Taken { get; set; }
    }
}
