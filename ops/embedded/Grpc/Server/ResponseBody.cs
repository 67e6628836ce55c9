using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>
/// The response as a resource that the service and its deadline share: one write at a time, and whoever ends it first ends it
/// for both.
/// </summary>
internal sealed class ResponseBody(HttpContext context)
{
    private readonly Lock _stateLock = new();
    private readonly HttpResponse _response = context.Response;
    private readonly PipeWriter _writer = context.Response.BodyWriter;
    private bool _writing;
    private bool _ended;

    /// <exception cref="InvalidOperationException">The call is over, or the write before this one is not.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> frame, bool flush, CancellationToken cancellationToken)
    {
        BeginWrite();
        try
        {
            if (!_response.HasStarted)
            {
                // Headers first: Kestrel then keeps the trailers apart from them.
                await _response.StartAsync(cancellationToken).ConfigureAwait(false);
            }

            _writer.Write(frame.Span);
            if (flush)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            EndWrite();
        }
    }

    /// <summary>Adds headers and sends them.</summary>
    public async Task WriteHeadersAsync(Action<IHeaderDictionary> add)
    {
        BeginWrite();
        try
        {
            if (_response.HasStarted)
            {
                throw new InvalidOperationException("Response headers can only be sent once per call.");
            }

            add(_response.Headers);
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            EndWrite();
        }
    }

    /// <summary>Takes the right to end the response.</summary>
    /// <param name="idle">False when a write is still under way, so that trailers cannot be added.</param>
    /// <returns>False when someone else has ended it.</returns>
    public bool TryEnd(out bool idle)
    {
        lock (_stateLock)
        {
            idle = !_writing;
            bool first = !_ended;
            _ended = true;
            return first;
        }
    }

    /// <summary>The bytes must leave this frame's buffer before the next write, hence no flush runs beside a write.</summary>
    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        FlushResult result = await _writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        // Kestrel reports a flush to a client that has gone as done; the token tells the truth.
        if (!result.IsCompleted)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
        }
    }

    private void BeginWrite()
    {
        lock (_stateLock)
        {
            if (_ended || context.RequestAborted.IsCancellationRequested)
            {
                throw new InvalidOperationException("Can't write the message because the request is complete.");
            }

            if (_writing)
            {
                throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
            }

            _writing = true;
        }
    }

    private void EndWrite()
    {
        lock (_stateLock)
        {
            _writing = false;
        }
    }
}
