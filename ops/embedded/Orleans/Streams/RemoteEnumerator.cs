using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Streams;

/// <summary>Pulls batches out of the grain, one request at a time.</summary>
internal sealed class RemoteEnumerator<T> : IAsyncEnumerator<T>
{
    private readonly IEnumeratorExtension _grain;
    private readonly EnumerationStart _start;
    private readonly CancellationTokenSource _cancellation;
    private T[] _items = [];
    private int _position = -1;
    private Exception? _failure;
    private bool _hasStarted;
    private bool _hasEnded;

    public RemoteEnumerator(IEnumeratorExtension grain, EnumerationStart start, CancellationToken argument, CancellationToken own)
    {
        _grain = grain;
        _start = start;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(argument, own);
    }

    public T Current => _items[_position];

    public async ValueTask<bool> MoveNextAsync()
    {
        while (true)
        {
            _cancellation.Token.ThrowIfCancellationRequested();
            if (_position + 1 < _items.Length)
            {
                _position++;
                return true;
            }

            if (_failure is not null)
            {
                throw _failure;
            }

            if (_hasEnded)
            {
                return false;
            }

            Take(await FetchAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_hasStarted && !_hasEnded)
        {
            _hasEnded = true;
            await _grain.EndAsync(_start.Id);
        }

        _cancellation.Dispose();
    }

    private async Task<EnumerationBatch> FetchAsync()
    {
        ValueTask<EnumerationBatch> request = _hasStarted ? _grain.MoveNextAsync(_start.Id) : _grain.StartAsync(_start);
        _hasStarted = true;
        return await request.AsTask().WaitAsync(_cancellation.Token);
    }

    private void Take(EnumerationBatch batch)
    {
        _items = (T[]?)batch.Items ?? [];
        _position = -1;
        _hasEnded = batch.State is EnumerationState.Completed or EnumerationState.Failed or EnumerationState.Missing;
        _failure = batch.State == EnumerationState.Missing
            ? new EnumerationAbortedException("The grain no longer knows this enumeration: it was unread for too long, or the grain has been activated anew.")
            : batch.Failure;
    }
}
