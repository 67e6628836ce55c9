namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>Names and values of PROTOCOL-HTTP2.md (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).</summary>
internal static class GrpcHeaders
{
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string ContentType = "application/grpc";

    /// <summary>RST_STREAM error code CANCEL (RFC 9113 section 7), which gRPC maps to the status CANCELLED.</summary>
    public const int Http2Cancel = 8;

    /// <summary>"application/grpc", alone or followed by "+format" or ";parameters".</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    /// <summary>True for headers that belong to the protocol and are not metadata of the caller.</summary>
    public static bool IsProtocolHeader(string name) =>
        name.StartsWith(':')
        || name.ToLowerInvariant() is Status or Message or Timeout or Encoding or AcceptEncoding
            or "content-type" or "content-encoding" or "te" or "host" or "accept-encoding";
}
