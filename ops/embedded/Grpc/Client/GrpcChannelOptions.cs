namespace Grpc.Net.Client;

/// <summary>How a channel reaches its server.</summary>
public sealed class GrpcChannelOptions
{
    private const int DefaultMaxReceiveBytes = 4 * 1024 * 1024;

    /// <summary>Bytes of one response message, 4 MiB by default as everywhere in gRPC; null lifts the limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveBytes;

    /// <summary>Bytes of one request message; null, the default, is no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>The client to send with; at most one of this and <see cref="HttpHandler"/>.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>The handler to send with; null is a handler of the channel's own.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>True disposes a given client or handler with the channel.</summary>
    public bool DisposeHttpClient { get; set; }
}
