using System.Text;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.Features;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>
/// A request as a client would send it, from the error boundary on, by a tenant of its own and with nobody to read the answer. It asks
/// for a few tokens that are neither shared nor kept.
/// </summary>
internal sealed class RehearsedRequest(ChatCompletionsEndpoint chat, CompletionsEndpoint completions, ILogger<ErrorBoundary> logger)
{
    private const int MaxTokens = 8;

    private static readonly Principal Player = new(new TenantName("rehearsal"));

    private readonly ErrorBoundary _chat = new(chat.HandleAsync, logger);
    private readonly ErrorBoundary _completions = new(completions.HandleAsync, logger);

    /// <param name="model">Asked for a chat and, every other time, for the completion of a text.</param>
    /// <param name="number">Equal numbers give equal prompts.</param>
    /// <returns>The status that the answer began with; 200 as well where it was cancelled before.</returns>
    public async Task<int> PlayAsync(ServedModel model, int number, CancellationToken cancellationToken)
    {
        bool isChat = number % 2 == 0 && model.Language.Template is not null;
        string text = $"{number}. Which way does a request go?";
        var body = new JsonObject
        {
            ["model"] = model.Name,
            ["max_tokens"] = MaxTokens,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            [isChat ? "messages" : "prompt"] = isChat ? new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }) : text,
        };
        HttpContext context = NewContext(body, cancellationToken);
        await (isChat ? _chat : _completions).InvokeAsync(context).ConfigureAwait(false);
        return context.Response.StatusCode;
    }

    private static DefaultHttpContext NewContext(JsonObject body, CancellationToken cancellationToken)
    {
        var context = new DefaultHttpContext { RequestAborted = cancellationToken };
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body.ToJsonString()));
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        context.Features.Set(Player);
        return context;
    }
}
