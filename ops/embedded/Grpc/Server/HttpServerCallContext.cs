using System.Net;
using System.Net.Sockets;
using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>One call on one HTTP/2 stream.</summary>
internal sealed class HttpServerCallContext : ServerCallContext, IAsyncDisposable
{
    private static readonly AuthContext NobodyKnown = new(null, []);

    private static readonly Status DeadlineExceeded = new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    // 99999999 s, the longest deadline of the other implementations; more would overflow a date.
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(99_999_999);

    private readonly MessageFrame _frame;
    private readonly IHttpResetFeature? _reset;
    private readonly ServerDeadline? _deadline;
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private bool _canAnswerExpiry;

    public HttpServerCallContext(HttpContext context, GrpcServiceOptions options, TimeProvider time)
    {
        HttpContext = context;
        Body = new ResponseBody(context);
        ReceiveRules = new ReceiveRules(options.MaxReceiveMessageSize, context.Request.Headers[GrpcHeaders.Encoding]);
        _frame = new MessageFrame(options.MaxSendMessageSize);
        _reset = context.Features.Get<IHttpResetFeature>();
        // An unreadable timeout is ignored, as the other implementations do: the client enforces its deadline in any case.
        if (TimeoutHeader.TryParse(context.Request.Headers[GrpcHeaders.Timeout], out TimeSpan timeout))
        {
            TimeSpan limited = timeout > MaxTimeout ? MaxTimeout : timeout;
            _deadline = new ServerDeadline(time, limited, () => Body.TryEnd(out _canAnswerExpiry), AnswerExpiryAsync, context.RequestAborted);
        }
    }

    public HttpContext HttpContext { get; }

    public ReceiveRules ReceiveRules { get; }

    public ResponseBody Body { get; }

    protected override string MethodCore => HttpContext.Request.Path.Value!;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => HttpContext.Connection switch
    {
        { RemoteIpAddress: { AddressFamily: AddressFamily.InterNetworkV6 } address } peer => $"ipv6:[{address}]:{peer.RemotePort}",
        { RemoteIpAddress: IPAddress address } peer => $"ipv4:{address}:{peer.RemotePort}",
        _ => "unknown",
    };

    protected override DateTime DeadlineCore => _deadline?.At.UtcDateTime ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= MetadataHeaders.Read(HttpContext.Request.Headers);

    protected override CancellationToken CancellationTokenCore => _deadline?.Token ?? HttpContext.RequestAborted;

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => NobodyKnown;

    protected override IDictionary<object, object> UserStateCore => HttpContext.Items!;

    /// <summary>Sends one message; the flags of <see cref="ServerCallContext.WriteOptions"/> decide whether it may wait.</summary>
    public Task WriteMessageAsync<T>(T message, Action<T, SerializationContext> serializer, CancellationToken cancellationToken)
    {
        bool mayWait = WriteOptionsCore?.Flags.HasFlag(WriteFlags.BufferHint) ?? false;
        return Body.WriteAsync(_frame.Build(message, serializer), !mayWait, cancellationToken);
    }

    /// <summary>Sends trailers and status, unless the deadline has done it.</summary>
    public void End()
    {
        if (!Body.TryEnd(out _))
        {
            return;
        }

        IHeaderDictionary destination = TrailersDestination();
        if (_responseTrailers is not null)
        {
            MetadataHeaders.Append(destination, _responseTrailers);
        }

        ServerStatus.Write(destination, StatusCore);
    }

    /// <summary>Ends the HTTP/2 stream at once, without a status.</summary>
    public void Reset() => _reset?.Reset(GrpcHeaders.Http2Cancel);

    public ValueTask DisposeAsync() => _deadline?.DisposeAsync() ?? ValueTask.CompletedTask;

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        return Body.WriteHeadersAsync(headers => MetadataHeaders.Append(headers, responseHeaders));
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("gRPC for .NET has no context propagation");

    /// <summary>
    /// The client hears of the deadline even when the service does not listen to its token. It hears the status alone: the
    /// service may be adding to its trailers at this moment, and be failing because of its token.
    /// </summary>
    private async Task AnswerExpiryAsync()
    {
        if (_canAnswerExpiry)
        {
            ServerStatus.Write(TrailersDestination(), DeadlineExceeded);
            await HttpContext.Response.CompleteAsync().ConfigureAwait(false);
        }

        Reset();
    }

    /// <summary>Before the first message, the trailers go into the only HEADERS frame ("Trailers-Only" in PROTOCOL-HTTP2.md).</summary>
    private IHeaderDictionary TrailersDestination() => HttpContext.Response.HasStarted
        ? HttpContext.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
        : HttpContext.Response.Headers;
}
