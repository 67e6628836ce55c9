using System.Diagnostics;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using Grpc.Core;

namespace DeepSeekOrleans.Frontend.Grpc;

/// <summary>A refusal or failure in gRPC's terms: the one place that maps ours to status codes and trailers.</summary>
internal static class GrpcErrors
{
    public static bool IsGrpc(HttpRequest request) =>
        request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    public static RpcException ToRpcException(RequestRejected rejection)
    {
        StatusCode status = rejection.Kind switch
        {
            RejectionKind.Invalid or RejectionKind.WrongContentType => StatusCode.InvalidArgument,
            RejectionKind.Unauthenticated => StatusCode.Unauthenticated,
            RejectionKind.NotFound => StatusCode.NotFound,
            RejectionKind.Conflict => StatusCode.Aborted,
            RejectionKind.TooLarge => StatusCode.ResourceExhausted,
            _ => throw new UnreachableException(),
        };
        var trailers = new Metadata { { "error-code", rejection.Code } };
        if (rejection.Parameter is { } parameter)
        {
            // a parameter's name can hold what the client sent; metadata takes ASCII only
            trailers.Add("error-param", new string([.. parameter.Where(c => c is >= ' ' and <= '~')]));
        }

        return new RpcException(new Status(status, rejection.Message), trailers);
    }

    public static RpcException ToRpcException(GenerationException failure)
    {
        (StatusCode status, string code) = failure.Failure switch
        {
            GenerationFailure.Busy => (StatusCode.ResourceExhausted, "rate_limit_exceeded"),
            GenerationFailure.NoWorker or GenerationFailure.Unanswered => (StatusCode.Unavailable, "no_worker"),
            GenerationFailure.WorkerLost => (StatusCode.Unavailable, "worker_lost"),
            GenerationFailure.WorkersLost => (StatusCode.Internal, "workers_lost"),
            GenerationFailure.WorkerStopping => (StatusCode.Unavailable, "worker_stopping"),
            GenerationFailure.WorkerStalled => (StatusCode.Unavailable, "worker_stalled"),
            GenerationFailure.ModelFault => (StatusCode.Internal, "model_fault"),
            GenerationFailure.RepeatedFault => (StatusCode.Internal, "repeated_model_fault"),
            GenerationFailure.ConversationsAway => (StatusCode.Unavailable, "conversation_store_unavailable"),
            GenerationFailure.SlowReader => (StatusCode.ResourceExhausted, "slow_reader"),
            _ => throw new UnreachableException(),
        };
        return new RpcException(new Status(status, failure.Message), new Metadata { { "error-code", code } });
    }

    /// <summary>Ends a call that did not get as far as its service ("Trailers-Only" in gRPC's PROTOCOL-HTTP2).</summary>
    public static void Answer(HttpResponse response, Exception e)
    {
        RpcException error = e switch
        {
            RequestRejected rejection => ToRpcException(rejection),
            GenerationException failure => ToRpcException(failure),
            _ => new RpcException(new Status(StatusCode.Internal, "the server failed on this request")),
        };
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)error.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);

        // the protocol percent-encodes what is not plain ASCII; our own texts here are
        response.Headers["grpc-message"] = Uri.EscapeDataString(error.Status.Detail);
        foreach (Metadata.Entry trailer in error.Trailers)
        {
            response.Headers[trailer.Key] = trailer.Value;
        }
    }
}
