using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>From an HTTP request to a served call with a status; the boundary at which every exception becomes one.</summary>
internal sealed partial class ServerCallHandler(
    IMethod method,
    ServerCall serve,
    GrpcServiceOptions options,
    TimeProvider time,
    ILogger<ServerCallHandler> logger)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (IsRefused(context))
        {
            return;
        }

        context.Response.ContentType = GrpcHeaders.ContentType;
        HttpServerCallContext call = new(context, options, time);
        await using (call.ConfigureAwait(false))
        {
            try
            {
                await serve(call).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                call.Status = StatusOf(error, call);
            }

            call.End();
        }
    }

    private static bool IsRefused(HttpContext context)
    {
        if (!GrpcHeaders.IsGrpc(context.Request.ContentType))
        {
            // "If Content-Type does not begin with application/grpc, gRPC servers SHOULD respond with HTTP status of 415."
            string detail = context.Request.ContentType is { } type
                ? $"Content-Type '{type}' is not supported."
                : "Content-Type is missing from the request.";
            ServerStatus.WriteHttpError(context.Response, StatusCodes.Status415UnsupportedMediaType, detail);
            return true;
        }

        if (HttpProtocol.IsHttp2(context.Request.Protocol) || HttpProtocol.IsHttp3(context.Request.Protocol))
        {
            return false;
        }

        context.Response.Headers.Upgrade = "HTTP/2";
        ServerStatus.WriteHttpError(
            context.Response,
            StatusCodes.Status426UpgradeRequired,
            $"Request protocol '{context.Request.Protocol}' is not supported.");
        return true;
    }

    private Status StatusOf(Exception error, HttpServerCallContext call)
    {
        if (error is RpcException chosen)
        {
            return StatusOf(chosen, call);
        }

        if (error is OperationCanceledException or IOException && call.CancellationToken.IsCancellationRequested)
        {
            Log.CallCancelled(logger, method.FullName);
        }
        else
        {
            Log.ServiceFailed(logger, method.FullName, error);
        }

        string detail = options.EnableDetailedErrors ?? false
            ? $"Exception was thrown by handler. {error.GetType().Name}: {error.Message}"
            : "Exception was thrown by handler.";
        return new Status(StatusCode.Unknown, detail, error);
    }

    private Status StatusOf(RpcException chosen, HttpServerCallContext call)
    {
        Log.CallFailed(logger, method.FullName, chosen.StatusCode, chosen.Status.DebugException);
        if (chosen is UnknownEncodingException && !call.HttpContext.Response.HasStarted)
        {
            call.HttpContext.Response.Headers[GrpcHeaders.AcceptEncoding] = MessageEncoding.Accepted;
        }

        foreach (Metadata.Entry trailer in chosen.Trailers)
        {
            call.ResponseTrailers.Add(trailer);
        }

        return chosen.Status;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Call of {Method} ended with {StatusCode}")]
        public static partial void CallFailed(ILogger logger, string method, StatusCode statusCode, Exception? exception);

        [LoggerMessage(2, LogLevel.Information, "Call of {Method} was cancelled")]
        public static partial void CallCancelled(ILogger logger, string method);

        [LoggerMessage(3, LogLevel.Error, "Service failed in {Method}")]
        public static partial void ServiceFailed(ILogger logger, string method, Exception exception);
    }
}
