using System.IO.Pipelines;
using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>One call: it ends once, with one status, whoever notices the end first.</summary>
internal sealed class GrpcCall<TRequest, TResponse> : IDisposable
    where TRequest : class
    where TResponse : class
{
    // Larger than the default of 4 KiB: a message of a megabyte then takes 64 reads and not 256.
    private static readonly StreamPipeReaderOptions BodyBuffers = new(bufferSize: 16 * 1024);

    private readonly CallConnection _connection;
    private readonly Method<TRequest, TResponse> _method;
    private readonly CallOptions _options;
    private readonly CallDeadline _deadline;
    private readonly CancellationTokenSource _cancellation;
    private readonly CancellationTokenRegistration _onCancelled;
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Outcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpResponseMessage? _response;

    public GrpcCall(CallConnection connection, Method<TRequest, TResponse> method, CallOptions options)
    {
        _connection = connection;
        _method = method;
        _options = options;
        _deadline = new CallDeadline(options.Deadline, TimeProvider.System);
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(options.CancellationToken, connection.Closed, _deadline.Token);
        Token = _cancellation.Token;
        Frame = new MessageFrame(connection.MaxSendBytes);
        _headers.Task.ObserveFault();
        _onCancelled = Token.UnsafeRegister(static call => ((GrpcCall<TRequest, TResponse>)call!).Cancel(), this);
    }

    /// <summary>Cancelled by the caller, the deadline or the channel's end.</summary>
    public CancellationToken Token { get; }

    public MessageFrame Frame { get; }

    public Action<TRequest, SerializationContext> RequestSerializer => _method.RequestMarshaller.ContextualSerializer;

    public Task<Metadata> Headers => _headers.Task;

    /// <summary>Completes when the call has ended, with any status.</summary>
    public Task Ended => _outcome.Task;

    public Task<MessageReader<TResponse>> StartWithRequest(string? host, TRequest request) =>
        OpenAsync(host, () => new ReadOnlyMemoryContent(Frame.Build(request, RequestSerializer)));

    public Task<MessageReader<TResponse>> StartWithStream(string? host, HttpContent requests) => OpenAsync(host, () => requests);

    /// <summary>The response of a call that has one.</summary>
    public async Task<TResponse> ReadSingleAsync(Task<MessageReader<TResponse>> opening)
    {
        MessageReader<TResponse> messages = await opening.ConfigureAwait(false);
        try
        {
            TResponse? message = await messages.ReadNextAsync(Token).ConfigureAwait(false);
            bool hasMore = message is not null && await messages.ReadNextAsync(Token).ConfigureAwait(false) is not null;
            Finish(hasMore ? "Unexpected data after finished reading message." : message is null ? "Failed to deserialize response message." : null);
            return message!;
        }
        catch (Exception error)
        {
            throw Fail(error);
        }
        finally
        {
            await messages.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the call with the status that the server has sent after its last message.</summary>
    /// <param name="violation">What makes a response wrong that the server calls OK; null for nothing.</param>
    /// <exception cref="RpcException">The status is not OK.</exception>
    public void Finish(string? violation = null)
    {
        RpcException ended = _outcome.Task.IsCompleted ? Ending() : EndByServer(violation);
        if (ended.StatusCode != StatusCode.OK)
        {
            throw ended;
        }
    }

    /// <summary>Ends the call because of an error on this side or of the connection, unless it has ended already.</summary>
    /// <returns>The exception that tells the caller how the call has ended.</returns>
    public RpcException Fail(Exception error) => End(StatusOf(error), Metadata.Empty);

    public Status StatusOf(Exception error)
    {
        Status status = ResponseStatus.Of(error);
        // The server's reset may come before this side's timer: it is the same deadline.
        return status.StatusCode == StatusCode.Cancelled && _deadline.HasPassed ? CallDeadline.Exceeded : status;
    }

    public void Cancel() => End(_deadline.HasPassed ? CallDeadline.Exceeded : ResponseStatus.CancelledHere, Metadata.Empty);

    public Status GetStatus() => Ending("status").Status;

    public Metadata GetTrailers() => Ending("trailers").Trailers;

    public void Dispose() => Cancel();

    /// <summary>How the call has ended, for one who knows that it has.</summary>
    public RpcException Ending(string wanted = "status") => _outcome.Task.IsCompleted
        ? _outcome.Task.GetAwaiter().GetResult().ToException()
        : throw new InvalidOperationException($"Unable to get the {wanted} because the call is not complete.");

    private async Task<MessageReader<TResponse>> OpenAsync(string? host, Func<HttpContent> content)
    {
        try
        {
            Token.ThrowIfCancellationRequested();
            using HttpRequestMessage request = CreateRequest(host, content());
            HttpResponseMessage response = await _connection.SendAsync(request, Token).ConfigureAwait(false);
            Interlocked.Exchange(ref _response, response);
            if (Ended.IsCompleted)
            {
                response.Dispose();
                throw Ending();
            }

            _headers.TrySetResult(MetadataHeaders.Read(response.Headers));
            if (ResponseStatus.ReadEarly(response) is { StatusCode: not StatusCode.OK } refused)
            {
                throw End(refused, ResponseStatus.ReadTrailers(response));
            }

            Stream body = await response.Content.ReadAsStreamAsync(Token).ConfigureAwait(false);
            ReceiveRules rules = new(_connection.MaxReceiveBytes, ResponseStatus.Header(response.Headers, GrpcHeaders.Encoding));
            return new MessageReader<TResponse>(PipeReader.Create(body, BodyBuffers), _method.ResponseMarshaller.ContextualDeserializer, rules);
        }
        catch (Exception error)
        {
            throw Fail(error);
        }
    }

    private HttpRequestMessage CreateRequest(string? host, HttpContent content)
    {
        content.Headers.TryAddWithoutValidation("content-type", GrpcHeaders.ContentType);
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(_connection.Address, _method.FullName))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.Host = host;
        request.Headers.TE.ParseAdd("trailers");
        request.Headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, MessageEncoding.Accepted);
        if (_deadline.Left is { } left)
        {
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Timeout, TimeoutHeader.Format(left));
        }

        if (_options.Headers is not null)
        {
            MetadataHeaders.Append(request.Headers, _options.Headers);
        }

        return request;
    }

    private RpcException EndByServer(string? violation)
    {
        Status status = ResponseStatus.Read(_response!);
        return status.StatusCode == StatusCode.OK && violation is not null
            ? End(new Status(StatusCode.Internal, violation), Metadata.Empty)
            : End(status, ResponseStatus.ReadTrailers(_response!));
    }

    private RpcException End(Status status, Metadata trailers)
    {
        if (_outcome.TrySetResult(new Outcome(status, trailers)))
        {
            _headers.TrySetException(Ending());
            _onCancelled.Unregister();
            // Stops what still waits in this call, then resets the stream if it is not at its end: so the server learns of it.
            _cancellation.Cancel();
            _response?.Dispose();
            _deadline.Dispose();
            _cancellation.Dispose();
        }

        return Ending();
    }

    private sealed record Outcome(Status Status, Metadata Trailers)
    {
        public RpcException ToException() => new(Status, Trailers);
    }
}
