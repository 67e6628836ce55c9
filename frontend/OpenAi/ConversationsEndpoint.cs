using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.OpenAi.Json;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.Features;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary><c>/v1/conversations</c>: conversations that the cluster keeps. One of another tenant does not exist.</summary>
internal sealed class ConversationsEndpoint(
    RequestReader reader, ConversationValidator validator, ConversationCalls conversations, TimeProvider time)
{
    public async Task CreateAsync(HttpContext context)
    {
        ConversationCreation body = HasBody(context)
            ? await reader.ReadAsync(context.Request, reader.Conversation, context.RequestAborted).ConfigureAwait(false)
            : new ConversationCreation();
        Conversation conversation = validator.Validate(body, time.GetUtcNow());
        var id = ConversationId.New();
        await conversations.CreateAsync(TenantOf(context), id, conversation, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, id, conversation).ConfigureAwait(false);
    }

    public async Task GetAsync(HttpContext context)
    {
        ConversationId id = IdOf(context);
        Conversation conversation = await conversations.ReadAsync(TenantOf(context), id, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, id, conversation).ConfigureAwait(false);
    }

    public async Task ListItemsAsync(HttpContext context)
    {
        ConversationId id = IdOf(context);
        ConversationPage page = ConversationPage.Of(context.Request.Query);
        Conversation conversation = await conversations.ReadAsync(TenantOf(context), id, context.RequestAborted).ConfigureAwait(false);
        await context.Response
            .WriteJsonAsync(page.Cut(id, conversation), OpenAiJsonContext.Default.ConversationItemList, context.RequestAborted)
            .ConfigureAwait(false);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        ConversationId id = IdOf(context);
        await conversations.DeleteAsync(TenantOf(context), id, context.RequestAborted).ConfigureAwait(false);
        await context.Response
            .WriteJsonAsync(new DeletedConversation(id.Value), OpenAiJsonContext.Default.DeletedConversation, context.RequestAborted)
            .ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, ConversationId id, Conversation conversation) => context.Response.WriteJsonAsync(
        new ConversationObject(id.Value, conversation.CreatedAt, conversation.Metadata),
        OpenAiJsonContext.Default.ConversationObject,
        context.RequestAborted);

    private static TenantName TenantOf(HttpContext context) => Principal.Of(context).Tenant;

    private static ConversationId IdOf(HttpContext context) => ConversationId.Parse(context.GetRouteValue("conversation") as string ?? "");

    // everything about a new conversation is optional
    private static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false && context.Request.ContentLength != 0;
}
