namespace Grpc.AspNetCore.Server;

/// <summary>How services are served.</summary>
public class GrpcServiceOptions
{
    private const int DefaultMaxReceiveBytes = 4 * 1024 * 1024;

    /// <summary>Bytes of one request message, 4 MiB by default as everywhere in gRPC; null lifts the limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveBytes;

    /// <summary>Bytes of one response message; null, the default, is no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>True sends the text of unhandled exceptions to the client; never outside development.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>True leaves requests for unknown services and methods to other routes instead of answering UNIMPLEMENTED.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    /// <summary>Run around every method, the first one outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];
}
