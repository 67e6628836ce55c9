using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// Remembers the highest attempt number of streams that must not start again here, the latest ones up to a limit. A message is
/// late by seconds at most, so the oldest may be forgotten.
/// </summary>
internal sealed class AttemptFence(int limit)
{
    private readonly Dictionary<StreamKey, int> _numbers = [];
    private readonly Queue<StreamKey> _order = new();

    public int Count => _numbers.Count;

    public void Raise(Attempt attempt)
    {
        StreamKey key = StreamKey.Of(attempt);
        if (_numbers.TryGetValue(key, out int known))
        {
            _numbers[key] = Math.Max(known, attempt.Number);
            return;
        }

        if (_order.Count == limit)
        {
            _numbers.Remove(_order.Dequeue());
        }

        _numbers.Add(key, attempt.Number);
        _order.Enqueue(key);
    }

    public bool Refuses(Attempt attempt) => _numbers.TryGetValue(StreamKey.Of(attempt), out int known) && attempt.Number <= known;
}

/// <summary>Names a stream in all of its attempts.</summary>
internal readonly record struct StreamKey(string RequestId, long StreamId)
{
    public static StreamKey Of(Attempt attempt) => new(attempt.RequestId, attempt.StreamId);
}
