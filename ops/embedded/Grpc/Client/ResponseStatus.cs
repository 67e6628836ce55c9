using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>Which status an HTTP response or a failure to get one stands for ("Responses" and "Errors" in PROTOCOL-HTTP2.md).</summary>
internal static class ResponseStatus
{
    public static readonly Status CancelledHere = new(StatusCode.Cancelled, "Call canceled by the client.");

    /// <summary>The status that the headers already tell: a trailers-only response, or one that is no gRPC; else null.</summary>
    public static Status? ReadEarly(HttpResponseMessage response)
    {
        if (TryRead(response.Headers) is { } status)
        {
            return status;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Status(CodeOf(response.StatusCode), $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}");
        }

        string? contentType = Header(response.Content.Headers, "content-type");
        return GrpcHeaders.IsGrpc(contentType)
            ? null
            : new Status(StatusCode.Cancelled, $"Bad gRPC response. Invalid content-type value: {contentType}");
    }

    /// <summary>The status after the whole body has been read.</summary>
    public static Status Read(HttpResponseMessage response) =>
        TryRead(response.TrailingHeaders)
        ?? TryRead(response.Headers)
        ?? new Status(StatusCode.Cancelled, "No grpc-status found on response.");

    /// <summary>The trailers; those of a trailers-only response are its headers.</summary>
    public static Metadata ReadTrailers(HttpResponseMessage response) =>
        MetadataHeaders.Read(Header(response.Headers, GrpcHeaders.Status) is null ? response.TrailingHeaders : response.Headers);

    public static string? Header(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.FirstOrDefault() : null;

    public static Status Of(Exception error) => error switch
    {
        RpcException { Status: var status } => status,
        OperationCanceledException => CancelledHere,
        _ => new Status(CodeOf(error), $"Error starting gRPC call. {error.GetType().Name}: {error.Message}", error),
    };

    private static Status? TryRead(HttpHeaders headers)
    {
        if (Header(headers, GrpcHeaders.Status) is not { } text)
        {
            return null;
        }

        string message = StatusMessage.Decode(Header(headers, GrpcHeaders.Message) ?? "");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            ? new Status((StatusCode)code, message)
            : new Status(StatusCode.Cancelled, $"Unexpected grpc-status value: {text}");
    }

    /// <summary>https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md</summary>
    private static StatusCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.RequestHeaderFieldsTooLarge => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
            StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    private static StatusCode CodeOf(Exception error)
    {
        bool isConnection = false;
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpProtocolException reset)
            {
                return CodeOfReset(reset.ErrorCode);
            }

            isConnection |= cause is SocketException or IOException;
        }

        return isConnection ? StatusCode.Unavailable : StatusCode.Internal;
    }

    /// <summary>RST_STREAM and GOAWAY codes (RFC 9113 section 7) by the table of PROTOCOL-HTTP2.md.</summary>
    private static StatusCode CodeOfReset(long http2Error) => http2Error switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM
        GrpcHeaders.Http2Cancel => StatusCode.Cancelled,
        0xb => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };
}
