using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>A chat request of which every part has been checked.</summary>
internal sealed record ValidChatRequest
{
    public required ServedModel Model { get; init; }

    /// <summary>Roles system, user and assistant; at least one.</summary>
    public required TemplateMessage[] Messages { get; init; }

    /// <summary>The stored conversation that the messages go on; null when there is none.</summary>
    public required ConversationId? Conversation { get; init; }

    /// <summary>Null: as the template does by itself.</summary>
    public required bool? Thinking { get; init; }

    public required ValidGeneration Generation { get; init; }

    public required AnswerShape Shape { get; init; }
}

/// <summary>A text completion request of which every part has been checked.</summary>
internal sealed record ValidCompletionRequest
{
    public required ServedModel Model { get; init; }

    /// <summary>The prompts' texts; empty when token ids were given.</summary>
    public required string[] Texts { get; init; }

    /// <summary>The prompts' token ids, each inside the vocabulary; empty when texts were given.</summary>
    public required int[][] TokenIds { get; init; }

    public required ValidGeneration Generation { get; init; }

    public required AnswerShape Shape { get; init; }
}

/// <summary>How the answer is to be sent.</summary>
/// <param name="IncludeUsage">A last event with the usage.</param>
/// <param name="Obfuscate">Events are filled up, so that their sizes do not tell the tokens'.</param>
internal sealed record AnswerShape(bool Stream, bool IncludeUsage, bool Obfuscate, bool Evidence);
