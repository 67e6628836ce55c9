using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// What workers will hold because requests are under way to them: the next request of the same prefix follows, instead of having it
/// computed a second time elsewhere within the second until the worker reports.
/// </summary>
internal sealed class BookedPrefixes
{
    private readonly Dictionary<Attempt, Entry> _places = [];
    private readonly Dictionary<int, Queue<(Attempt Attempt, long Place)>> _byWorker = [];
    private long _lastPlace;

    /// <summary>
    /// Expects the prefix at the worker until the booking is settled. A frontend that dies settles none of its bookings: beyond what a
    /// worker can have, the oldest is dropped.
    /// </summary>
    /// <param name="tokens">Prompt tokens that the request leaves to compute.</param>
    public void Expect(WorkerView worker, Attempt attempt, ulong[] blocks, int tokens, PrefixIndex index)
    {
        // below zero, so that it is no slot
        long place = --_lastPlace;
        if (!_places.TryAdd(attempt, new Entry(place, tokens, worker.Status.Number)))
        {
            return;
        }

        index.Set(worker.Id, place, blocks);
        if (!_byWorker.TryGetValue(worker.Id, out Queue<(Attempt Attempt, long Place)>? expected))
        {
            _byWorker.Add(worker.Id, expected = new());
        }

        expected.Enqueue((attempt, place));
        if (expected.Count > worker.Status.Slots + worker.Status.QueueLimit)
        {
            Drop(worker, expected.Dequeue(), index);
        }
    }

    /// <summary>The request has ended; what the worker keeps of it is in its reports.</summary>
    /// <returns>Its tokens, as long as no report of the worker has come since it was booked.</returns>
    public int Settle(WorkerView worker, Attempt attempt, PrefixIndex index)
    {
        if (!_places.Remove(attempt, out Entry entry))
        {
            return 0;
        }

        index.Set(worker.Id, entry.Place, []);
        return worker.Status.Number == entry.Report ? entry.Tokens : 0;
    }

    /// <summary>The worker has gone; its index entries go with it.</summary>
    public void Forget(WorkerView worker)
    {
        if (_byWorker.Remove(worker.Id, out Queue<(Attempt Attempt, long Place)>? expected))
        {
            foreach ((Attempt attempt, _) in expected)
            {
                _places.Remove(attempt);
            }
        }
    }

    private void Drop(WorkerView worker, (Attempt Attempt, long Place) oldest, PrefixIndex index)
    {
        if (_places.TryGetValue(oldest.Attempt, out Entry entry) && entry.Place == oldest.Place)
        {
            Settle(worker, oldest.Attempt, index);
        }
    }

    private readonly record struct Entry(long Place, int Tokens, long Report);
}
