using System.Globalization;
using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>The status of a call as headers or trailers.</summary>
internal static class ServerStatus
{
    public static void Write(IHeaderDictionary destination, Status status)
    {
        destination[GrpcHeaders.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (string.IsNullOrEmpty(status.Detail))
        {
            destination.Remove(GrpcHeaders.Message);
        }
        else
        {
            destination[GrpcHeaders.Message] = StatusMessage.Encode(status.Detail);
        }
    }

    /// <summary>For requests that are no gRPC: an HTTP error, with a status for clients that read only that.</summary>
    public static void WriteHttpError(HttpResponse response, int httpStatus, string detail)
    {
        response.StatusCode = httpStatus;
        Write(response.Headers, new Status(StatusCode.Internal, detail));
    }
}
