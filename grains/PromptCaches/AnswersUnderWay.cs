using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;

namespace DeepSeekOrleans.Grains.PromptCaches;

/// <summary>
/// Which worker computes which answer now, so that equal requests of other frontends go there too. Nothing depends on it but work that
/// is saved: the worker itself decides whether there is something to join. A frontend that dies tells of no end, so only the latest
/// answers up to a limit are known.
/// </summary>
internal sealed class AnswersUnderWay(int limit)
{
    private readonly Dictionary<AnswerKey, Entry> _entries = [];
    private readonly Queue<(AnswerKey Key, Entry Entry)> _order = new();

    public int Count => _entries.Count;

    /// <summary>Notes that the attempt computes the answer, in place of one that it could not follow.</summary>
    public void Begin(AnswerKey key, Attempt attempt, WorkerKey worker)
    {
        var entry = new Entry(worker);
        entry.Readers.Add(StreamKey.Of(attempt), attempt.Number);
        _entries[key] = entry;
        _order.Enqueue((key, entry));
        if (_order.Count > limit)
        {
            (AnswerKey oldest, Entry forgotten) = _order.Dequeue();
            Forget(oldest, forgotten);
        }
    }

    /// <summary>The worker that computes the answer; not the one that the same stream has read from before, which it has lost.</summary>
    public WorkerKey? Find(AnswerKey key, Attempt attempt) =>
        _entries.TryGetValue(key, out Entry? entry) && !entry.Readers.ContainsKey(StreamKey.Of(attempt)) ? entry.Worker : null;

    /// <summary>Notes that the attempt follows the answer that was found.</summary>
    public void Join(AnswerKey key, Attempt attempt) => _entries[key].Readers.Add(StreamKey.Of(attempt), attempt.Number);

    /// <summary>Whether nobody has brought the whole answer before; to be asked once by each who does.</summary>
    public bool IsFirstToEnd(AnswerKey key)
    {
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            return true;
        }

        bool isFirst = !entry.HasEnded;
        entry.HasEnded = true;
        return isFirst;
    }

    /// <summary>Forgets the answer with the last one that reads it.</summary>
    public void Leave(AnswerKey key, Attempt attempt)
    {
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            return;
        }

        // a later attempt of the stream may read by now
        var stream = StreamKey.Of(attempt);
        if (entry.Readers.TryGetValue(stream, out int number) && number == attempt.Number)
        {
            entry.Readers.Remove(stream);
        }

        if (entry.Readers.Count == 0)
        {
            Forget(key, entry);
        }
    }

    private void Forget(AnswerKey key, Entry entry)
    {
        if (_entries.GetValueOrDefault(key) == entry)
        {
            _entries.Remove(key);
        }
    }

    private sealed class Entry(WorkerKey worker)
    {
        public WorkerKey Worker { get; } = worker;

        /// <summary>The number of each stream's attempt.</summary>
        public Dictionary<StreamKey, int> Readers { get; } = [];

        public bool HasEnded { get; set; }
    }
}
