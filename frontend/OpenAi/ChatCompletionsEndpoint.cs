using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.OpenAi.Json;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary><c>POST /v1/chat/completions</c>: read, validate, prepare the prompt, open the answers, send them.</summary>
internal sealed class ChatCompletionsEndpoint(
    RequestReader reader, ChatRequestValidator validator, ConversationCalls conversations, ChatAnswering answering)
{
    public async Task HandleAsync(HttpContext context)
    {
        var identity = RequestIdentity.Of(context);
        ChatCompletionRequest body = await reader.ReadAsync(context.Request, reader.Chat, context.RequestAborted).ConfigureAwait(false);
        ValidChatRequest request = validator.Validate(body);
        if (request.Conversation is not { } conversation)
        {
            await answering.AnswerAsync(context, identity, request).ConfigureAwait(false);
            return;
        }

        // its requests have one session, so that they find each other's work
        identity = identity with { Session = conversation.Value };
        OpenTurn turn = await OpenTurn
            .OpenAsync(conversations, identity, conversation, request.Messages, context.RequestAborted)
            .ConfigureAwait(false);
        await using (turn.ConfigureAwait(false))
        {
            await answering.AnswerAsync(context, identity, request with { Messages = turn.Messages }, turn).ConfigureAwait(false);
        }
    }
}
