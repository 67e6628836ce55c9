using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DeepSeekOrleans.Frontend.Streaming;

/// <summary>
/// Writes server-sent events (WHATWG HTML, section 9.2) straight into the response's buffer. Nothing is sent before
/// <see cref="FlushAsync"/>, which waits for a client that does not read, up to a limit.
/// </summary>
internal sealed class SseWriter : IDisposable
{
    // JSON in an event stream is never put into a page, so nothing but JSON's own characters needs escaping
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly HttpContext _context;
    private readonly TimeSpan _writeTimeout;
    private readonly TimeProvider _time;
    private readonly PipeWriter _body;
    private readonly Utf8JsonWriter _json;

    public SseWriter(HttpContext context, TimeSpan writeTimeout, TimeProvider time)
    {
        (_context, _writeTimeout, _time) = (context, writeTimeout, time);
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";

        // nginx and its relatives would otherwise collect events before they pass them on
        response.Headers["X-Accel-Buffering"] = "no";
        _body = response.BodyWriter;
        _json = new Utf8JsonWriter(_body, Json);
    }

    public void WriteEvent<T>(T value, JsonTypeInfo<T> type)
    {
        Write("data: "u8);
        _json.Reset();
        JsonSerializer.Serialize(_json, value, type);
        _json.Flush();
        Write("\n\n"u8);
    }

    /// <summary>The end of a complete stream, in OpenAI's form.</summary>
    public void WriteDone() => Write("data: [DONE]\n\n"u8);

    /// <summary>A comment: proxies see traffic, clients ignore it.</summary>
    public void WriteKeepAlive() => Write(": keep-alive\n\n"u8);

    /// <exception cref="OperationCanceledException">The client is gone, or did not read for too long and has been disconnected.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        ValueTask<FlushResult> flush = _body.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? default : WaitAsync(flush, cancellationToken);
    }

    public void Dispose() => _json.Dispose();

    private async ValueTask WaitAsync(ValueTask<FlushResult> flush, CancellationToken cancellationToken)
    {
        try
        {
            await flush.AsTask().WaitAsync(_writeTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _context.Abort();
            throw new OperationCanceledException("the client did not read");
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_body.GetSpan(bytes.Length));
        _body.Advance(bytes.Length);
    }
}
