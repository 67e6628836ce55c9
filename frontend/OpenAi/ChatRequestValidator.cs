using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Turns a chat body into a <see cref="ValidChatRequest"/>, or refuses it with the parameter's name.</summary>
internal sealed class ChatRequestValidator(ModelCatalog catalog, ChatMessagesValidator messages, GenerationValidator generations)
{
    /// <exception cref="RequestRejected">A part of the body is missing, outside its range or not supported.</exception>
    public ValidChatRequest Validate(ChatCompletionRequest body)
    {
        ServedModel model = catalog.Find(body.Model ?? throw RequestRejected.Missing("model"));
        UnbuiltParameters.Refuse(body);
        RequestedGeneration asked = body.ToRequested() with
        {
            MaxTokens = body.MaxCompletionTokens ?? body.MaxTokens,
            MaxTokensName = body.MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens",
            OffersTools = body.Tools.IsAskedFor || body.Functions.IsAskedFor,
        };
        return new ValidChatRequest
        {
            Model = model,
            Generation = generations.Validate(asked, model),
            Messages = messages.Validate(body.Messages ?? throw RequestRejected.Missing("messages")),
            Conversation = body.Conversation is { } conversation ? Conversation(conversation, body.N) : null,
            Thinking = Thinking(body),
            Shape = body.ToShape(),
        };
    }

    // with several answers nobody could say which of them the conversation goes on with
    private static ConversationId Conversation(ConversationReference conversation, int? choices) => choices is null or 1
        ? ConversationId.Parse(conversation.Id)
        : throw RequestRejected.Unsupported("n", "'n' must be 1 with a 'conversation'");

    private static bool? Thinking(ChatCompletionRequest body)
    {
        bool? byType = body.Thinking?.Type switch
        {
            null => null,
            "enabled" => true,
            "disabled" => false,
            _ => throw RequestRejected.Invalid("thinking.type", "'thinking.type' must be enabled or disabled"),
        };
        bool? byArgument = body.ChatTemplateKwargs?.EnableThinking;
        return byType is null || byArgument is null || byType == byArgument
            ? byType ?? byArgument
            : throw RequestRejected.Invalid("chat_template_kwargs", "'thinking' and 'chat_template_kwargs.enable_thinking' contradict each other");
    }
}
