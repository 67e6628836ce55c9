using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Grpc;
using DeepSeekOrleans.Frontend.OpenAi;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>
/// The outermost step of every request: gives it an id, and turns whatever comes up into an answer of its protocol. What nobody
/// expected is logged here, once, and the client learns nothing of it but the request id.
/// </summary>
internal sealed partial class ErrorBoundary(RequestDelegate next, ILogger<ErrorBoundary> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        string requestId = RequestIds.Assign(context);
        try
        {
            await next(context).ConfigureAwait(false);
            if (OpenAiError.OfBareStatus(context) is { } error)
            {
                await error.WriteAsync(context.Response, context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            Log.ClientGone(logger, requestId);
        }
        catch (Exception e)
        {
            await AnswerAsync(context, e, requestId).ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(HttpContext context, Exception e, string requestId)
    {
        if (e is not (RequestRejected or GenerationException or BadHttpRequestException))
        {
            Log.Failed(logger, e, requestId);
        }

        if (context.Response.HasStarted)
        {
            // half an answer cannot be taken back: a cut connection is the only honest end
            Log.AnswerCut(logger, requestId);
            context.Abort();
        }
        else if (GrpcErrors.IsGrpc(context.Request))
        {
            GrpcErrors.Answer(context.Response, e);
        }
        else
        {
            OpenAiError error = OpenAiError.From(e);
            Log.Refused(logger, requestId, error.Status, error.Body.Error.Code);
            await error.WriteAsync(context.Response, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Request {RequestId} was left by its client")]
        public static partial void ClientGone(ILogger logger, string requestId);

        [LoggerMessage(Level = LogLevel.Information, Message = "Request {RequestId} was answered with {Status} {Code}")]
        public static partial void Refused(ILogger logger, string requestId, int status, string? code);

        [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string requestId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Request {RequestId} was cut in the middle of its answer")]
        public static partial void AnswerCut(ILogger logger, string requestId);
    }
}
