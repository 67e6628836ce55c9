namespace DeepSeekOrleans.Engine.Recovery;

/// <summary>
/// How often an engine may be built anew. An engine that breaks again and again is better left alone: its sequences can go on elsewhere.
/// </summary>
internal sealed class RebuildBudget(int limit, TimeSpan window, TimeProvider time)
{
    private readonly Queue<long> _spent = new();

    public bool TrySpend()
    {
        while (_spent.TryPeek(out long oldest) && time.GetElapsedTime(oldest) > window)
        {
            _spent.Dequeue();
        }

        if (_spent.Count >= limit)
        {
            return false;
        }

        _spent.Enqueue(time.GetTimestamp());
        return true;
    }
}
