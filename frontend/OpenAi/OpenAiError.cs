using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Grpc;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>A refusal or failure in OpenAI's terms: the one place that maps ours to status codes and error objects.</summary>
internal sealed record OpenAiError(int Status, ErrorBody Body, TimeSpan? RetryAfter = null)
{
    private const string InvalidRequest = "invalid_request_error";

    /// <summary>Maps any exception; one that is not ours says nothing of itself.</summary>
    public static OpenAiError From(Exception e) => e switch
    {
        RequestRejected rejection => From(rejection),
        GenerationException failure => From(failure),
        BadHttpRequestException refusal =>
            Of(refusal.StatusCode, InvalidRequest, "bad_request", "the request is not well-formed HTTP, or came too slowly"),
        _ => Of(
            StatusCodes.Status500InternalServerError,
            "server_error",
            "internal_error",
            "the server failed on this request; its log knows more under the request id"),
    };

    /// <summary>The body for a refusal that routing or the server wrote as a status alone; null when there is nothing to add.</summary>
    public static OpenAiError? OfBareStatus(HttpContext context)
    {
        HttpResponse response = context.Response;
        bool isBare = response is { HasStarted: false, StatusCode: >= 400, ContentType: null };
        return response.StatusCode switch
        {
            _ when !isBare || GrpcErrors.IsGrpc(context.Request) => null,
            StatusCodes.Status404NotFound => Of(response.StatusCode, InvalidRequest, "unknown_url", "there is no such route"),
            StatusCodes.Status405MethodNotAllowed =>
                Of(response.StatusCode, InvalidRequest, "method_not_allowed", "this route does not know this method; see the header 'Allow'"),
            var status => Of(status, InvalidRequest, "bad_request", "the request was refused"),
        };
    }

    private static OpenAiError From(RequestRejected rejection) => rejection.Kind switch
    {
        RejectionKind.Invalid => Of(StatusCodes.Status400BadRequest, InvalidRequest, rejection),
        RejectionKind.Unauthenticated => Of(StatusCodes.Status401Unauthorized, "authentication_error", rejection),
        RejectionKind.NotFound => Of(StatusCodes.Status404NotFound, InvalidRequest, rejection),
        RejectionKind.Conflict => Of(StatusCodes.Status409Conflict, InvalidRequest, rejection),
        RejectionKind.TooLarge => Of(StatusCodes.Status413PayloadTooLarge, InvalidRequest, rejection),
        RejectionKind.WrongContentType => Of(StatusCodes.Status415UnsupportedMediaType, InvalidRequest, rejection),
        _ => throw new UnreachableException(),
    };

    private static OpenAiError From(GenerationException failure)
    {
        (int status, string type, string code) = failure.Failure switch
        {
            GenerationFailure.Busy => (StatusCodes.Status429TooManyRequests, "rate_limit_error", "rate_limit_exceeded"),
            GenerationFailure.NoWorker or GenerationFailure.Unanswered => (StatusCodes.Status503ServiceUnavailable, "overloaded", "no_worker"),
            GenerationFailure.WorkerLost => (StatusCodes.Status503ServiceUnavailable, "server_error", "worker_lost"),
            GenerationFailure.WorkersLost => (StatusCodes.Status500InternalServerError, "server_error", "workers_lost"),
            GenerationFailure.WorkerStopping => (StatusCodes.Status503ServiceUnavailable, "server_error", "worker_stopping"),
            GenerationFailure.WorkerStalled => (StatusCodes.Status503ServiceUnavailable, "server_error", "worker_stalled"),
            GenerationFailure.ModelFault => (StatusCodes.Status500InternalServerError, "server_error", "model_fault"),
            GenerationFailure.RepeatedFault => (StatusCodes.Status500InternalServerError, "server_error", "repeated_model_fault"),
            GenerationFailure.ConversationsAway =>
                (StatusCodes.Status503ServiceUnavailable, "server_error", "conversation_store_unavailable"),
            GenerationFailure.SlowReader => (StatusCodes.Status408RequestTimeout, InvalidRequest, "slow_reader"),
            _ => throw new UnreachableException(),
        };
        return Of(status, type, code, failure.Message) with { RetryAfter = failure.RetryAfter };
    }

    public Task WriteAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.StatusCode = Status;
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = ((int)Math.Ceiling(Math.Max(1, wait.TotalSeconds))).ToString(CultureInfo.InvariantCulture);
        }

        return response.WriteJsonAsync(Body, OpenAiJsonContext.Default.ErrorBody, cancellationToken);
    }

    private static OpenAiError Of(int status, string type, RequestRejected rejection) =>
        new(status, new ErrorBody(new ErrorDetails(rejection.Message, type, rejection.Parameter, rejection.Code)));

    private static OpenAiError Of(int status, string type, string code, string message) =>
        new(status, new ErrorBody(new ErrorDetails(message, type, null, code)));
}
