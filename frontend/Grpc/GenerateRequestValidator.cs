using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Grpc.V1;
using DeepSeekOrleans.Frontend.OpenAi;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Grpc;

/// <summary>Turns a gRPC message into a model, a prompt and a generation, with the same limits as over HTTP.</summary>
internal sealed class GenerateRequestValidator(
    ModelCatalog catalog, ChatMessagesValidator messages, GenerationValidator generations, IOptions<RequestLimits> limits)
{
    /// <exception cref="RequestRejected">A part of the message is missing or outside its range.</exception>
    public ValidGenerateRequest Validate(GenerateRequest request, string tenant)
    {
        ServedModel model = catalog.Find(request.Model.Length > 0 ? request.Model : throw RequestRejected.Missing("model"));
        ValidGeneration generation = generations.Validate(Requested(request), model);
        if (request.InputCase == GenerateRequest.InputOneofCase.Chat)
        {
            return new ValidGenerateRequest(model, generation) { Chat = Messages(request.Chat), Conversation = Conversation(request) };
        }

        return request.Conversation.Length == 0
            ? new ValidGenerateRequest(model, generation) { Plain = Plain(request, model, tenant) }
            : throw RequestRejected.Unsupported("conversation", "'conversation' needs 'chat'");
    }

    /// <param name="said">Those of the chat, or those of its conversation before.</param>
    /// <exception cref="RequestRejected">They are too long together, or the model's template does not accept them.</exception>
    public PreparedPrompt Prompt(ServedModel model, TemplateMessage[] said, Chat chat, string tenant) =>
        PromptPreparation.FromChat(model, messages.ToTemplateInput(said), Thinking(chat), tenant);

    private PreparedPrompt Plain(GenerateRequest request, ServedModel model, string tenant) => request.InputCase switch
    {
        GenerateRequest.InputOneofCase.Prompt => PromptPreparation.FromText(model, Text(request.Prompt), tenant),
        GenerateRequest.InputOneofCase.PromptIds =>
            PromptPreparation.FromTokens(model, PromptTokens.Validate("prompt_ids", [.. request.PromptIds.Ids], model), tenant),
        _ => throw RequestRejected.Missing("input"),
    };

    private static ConversationId? Conversation(GenerateRequest request) =>
        request.Conversation.Length > 0 ? ConversationId.Parse(request.Conversation) : null;

    private TemplateMessage[] Messages(Chat chat) => messages.Validate(
        [.. chat.Messages.Select(message => new ChatMessage { Role = message.Role, Content = new MessageContent(message.Content) })]);

    private static bool? Thinking(Chat chat) => chat.HasEnableThinking ? chat.EnableThinking : null;

    private string Text(string prompt) => prompt.Length <= limits.Value.MaxPromptCharacters
        ? prompt
        : throw RequestRejected.Outside("prompt", prompt.Length, 1, limits.Value.MaxPromptCharacters, "characters in ");

    private static RequestedGeneration Requested(GenerateRequest request)
    {
        Sampling sampling = request.Sampling ?? new Sampling();
        return new RequestedGeneration
        {
            Temperature = sampling.HasTemperature ? sampling.Temperature : null,
            TopP = sampling.HasTopP ? sampling.TopP : null,
            TopK = sampling.HasTopK ? sampling.TopK : null,
            MinP = sampling.HasMinP ? sampling.MinP : null,
            PresencePenalty = sampling.HasPresencePenalty ? sampling.PresencePenalty : null,
            FrequencyPenalty = sampling.HasFrequencyPenalty ? sampling.FrequencyPenalty : null,
            RepetitionPenalty = sampling.HasRepetitionPenalty ? sampling.RepetitionPenalty : null,
            LogitBias = sampling.LogitBias.ToDictionary(entry => entry.Key, entry => (double)entry.Value),
            Seed = sampling.HasSeed ? sampling.Seed : null,
            MaxTokens = request.HasMaxTokens ? request.MaxTokens : null,
            Stop = request.Stop,
            Cache = request.HasCache ? request.Cache : null,
            User = request.User,
        };
    }
}

/// <summary>A gRPC request of which every part has been checked.</summary>
internal sealed record ValidGenerateRequest(ServedModel Model, ValidGeneration Generation)
{
    /// <summary>The messages of a chat; otherwise there is <see cref="Plain"/>.</summary>
    public TemplateMessage[]? Chat { get; init; }

    /// <summary>The stored conversation that the messages go on; null when there is none.</summary>
    public ConversationId? Conversation { get; init; }

    /// <summary>The prompt of everything but a chat.</summary>
    public PreparedPrompt? Plain { get; init; }
}
