namespace DeepSeekOrleans.Embedded.Streams;

/// <summary>One enumeration inside its grain.</summary>
internal abstract class OpenEnumerator : IAsyncDisposable
{
    private bool _wasRead = true;

    public bool WasReadSinceLastCheck()
    {
        bool wasRead = _wasRead;
        _wasRead = false;
        return wasRead;
    }

    public ValueTask<EnumerationBatch> ReadAsync()
    {
        _wasRead = true;
        return ReadBatchAsync();
    }

    public abstract ValueTask DisposeAsync();

    protected abstract ValueTask<EnumerationBatch> ReadBatchAsync();
}

/// <inheritdoc/>
internal sealed class OpenEnumerator<T> : OpenEnumerator
{
    private readonly CancellationTokenSource _cancellation;
    private readonly IAsyncEnumerator<T> _items;
    private readonly EnumerationStart _start;
    private readonly TimeProvider _time;
    private Task<bool>? _next;

    /// <param name="cancellation">Behind the token that the grain's method has got; cancelled when the reader leaves.</param>
    public OpenEnumerator(IAsyncEnumerable<T> items, CancellationTokenSource cancellation, EnumerationStart start, TimeProvider time)
    {
        _cancellation = cancellation;
        _items = items.GetAsyncEnumerator(cancellation.Token);
        _start = start;
        _time = time;
    }

    public override async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync();
        try
        {
            // An enumerator must not be disposed while it looks for its next item.
            if (_next is not null)
            {
                await _next;
            }
        }
        catch (Exception)
        {
            // Its reader has left: there is nobody to be told how the enumeration ends.
        }

        await _items.DisposeAsync();
        _cancellation.Dispose();
    }

    /// <summary>Waits for the first item and takes as many more as are there without waiting.</summary>
    protected override async ValueTask<EnumerationBatch> ReadBatchAsync()
    {
        var batch = new List<T>();
        try
        {
            _next ??= _items.MoveNextAsync().AsTask();
            if (!_next.IsCompleted && !await WaitAsync(_next))
            {
                return new EnumerationBatch(EnumerationState.Heartbeat, null, null);
            }

            while (await TakeNext())
            {
                batch.Add(_items.Current);
                _next = _items.MoveNextAsync().AsTask();
                if (!_next.IsCompleted || batch.Count >= _start.MaxBatchSize)
                {
                    return new EnumerationBatch(EnumerationState.Items, batch.ToArray(), null);
                }
            }

            return new EnumerationBatch(EnumerationState.Completed, batch.ToArray(), null);
        }
        catch (Exception failure)
        {
            return new EnumerationBatch(EnumerationState.Failed, batch.ToArray(), failure);
        }
    }

    private Task<bool> TakeNext()
    {
        Task<bool> next = _next!;
        _next = null;
        return next;
    }

    private async Task<bool> WaitAsync(Task next)
    {
        using var limit = new CancellationTokenSource();
        Task delay = Task.Delay(_start.LongestPoll, _time, limit.Token);
        bool isThere = await Task.WhenAny(next, delay) == next;
        await limit.CancelAsync();
        return isThere;
    }
}
