using System.Net;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>The request messages of a streaming call: what is written here flows into the body of the request.</summary>
internal sealed class ClientRequestStream<TRequest, TResponse> : IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private readonly GrpcCall<TRequest, TResponse> _call;
    private readonly TaskCompletionSource<Stream> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writing;

    public ClientRequestStream(GrpcCall<TRequest, TResponse> call)
    {
        _call = call;
        Content = new Body(this);
    }

    public HttpContent Content { get; }

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_completed.Task.IsCompleted)
        {
            throw new InvalidOperationException("Request stream has already been completed.");
        }

        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        try
        {
            using CancellationTokenRegistration cancel = cancellationToken.Register(
                static call => ((GrpcCall<TRequest, TResponse>)call!).Cancel(),
                _call);
            await WriteCoreAsync(message).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        _completed.TrySetResult();
        return Task.CompletedTask;
    }

    private async Task WriteCoreAsync(TRequest message)
    {
        ReadOnlyMemory<byte> frame = _call.Frame.Build(message, _call.RequestSerializer);
        try
        {
            await Task.WhenAny(_body.Task, _call.Ended).ConfigureAwait(false);
            if (!_call.Ended.IsCompleted)
            {
                Stream body = await _body.Task.ConfigureAwait(false);
                await body.WriteAsync(frame, _call.Token).ConfigureAwait(false);
                await FlushAsync(body).ConfigureAwait(false);
                return;
            }
        }
        catch (Exception error) when (!_call.Ended.IsCompleted)
        {
            // The call goes on: the server may have refused further messages and be about to tell why in its response.
            throw new RpcException(_call.StatusOf(error));
        }
        catch (Exception) when (_call.Ended.IsCompleted)
        {
            // The call's own status, thrown below, says more than the broken write.
        }

        RpcException ending = _call.Ending();
        throw ending.StatusCode == StatusCode.OK
            ? new InvalidOperationException("Can't write the message because the call is complete.")
            : ending;
    }

    private Task FlushAsync(Stream body) => WriteOptions?.Flags.HasFlag(WriteFlags.BufferHint) ?? false
        ? Task.CompletedTask
        : body.FlushAsync(_call.Token);

    /// <summary>Lends the request's stream to the writer until one of the two sides is done.</summary>
    private sealed class Body(ClientRequestStream<TRequest, TResponse> requests) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // The headers go out now: the server may answer before the first message.
            await stream.FlushAsync(requests._call.Token).ConfigureAwait(false);
            requests._body.TrySetResult(stream);
            await Task.WhenAny(requests._completed.Task, requests._call.Ended).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
