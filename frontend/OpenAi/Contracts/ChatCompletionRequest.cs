using DeepSeekOrleans.Frontend.OpenAi.Json;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The body of <c>POST /v1/chat/completions</c>, as sent. Fields that are not here are ignored.</summary>
internal sealed record ChatCompletionRequest : GenerationFields
{
    public ChatMessage[]? Messages { get; init; }

    /// <summary>The stored conversation that the messages go on, and to which they and the answer are added.</summary>
    public ConversationReference? Conversation { get; init; }

    public int? MaxCompletionTokens { get; init; }

    /// <summary>DeepSeek's switch for reasoning.</summary>
    public ThinkingSwitch? Thinking { get; init; }

    /// <summary>Arguments of the chat template; only <c>enable_thinking</c> is allowed.</summary>
    public TemplateArguments? ChatTemplateKwargs { get; init; }

    public ResponseFormat? ResponseFormat { get; init; }

    public string[]? Modalities { get; init; }

    // parameters that would change the answer and are not built
    public UnbuiltParameter Tools { get; init; }

    public UnbuiltParameter ToolChoice { get; init; }

    public UnbuiltParameter Functions { get; init; }

    public UnbuiltParameter FunctionCall { get; init; }

    public UnbuiltParameter TopLogprobs { get; init; }

    public UnbuiltParameter Audio { get; init; }

    public UnbuiltParameter Prediction { get; init; }

    public UnbuiltParameter WebSearchOptions { get; init; }

    public UnbuiltParameter ReasoningEffort { get; init; }

    public UnbuiltParameter Verbosity { get; init; }

    public UnbuiltParameter ChatTemplate { get; init; }

    public UnbuiltParameter Documents { get; init; }

    public UnbuiltParameter ContinueFinalMessage { get; init; }
}

internal sealed record ChatMessage
{
    public string? Role { get; init; }

    public MessageContent? Content { get; init; }

    public UnbuiltParameter ToolCalls { get; init; }

    public UnbuiltParameter FunctionCall { get; init; }

    public UnbuiltParameter Audio { get; init; }

    public UnbuiltParameter Prefix { get; init; }
}

/// <summary>A message's text: a string, or the texts of an array of parts.</summary>
/// <param name="Text">The parts' texts, one after the other.</param>
/// <param name="ForeignPart">The index of the first part that is not text.</param>
internal sealed record MessageContent(string Text, int? ForeignPart = null);

/// <summary>A stored conversation: its id, or an object that holds the id.</summary>
internal sealed record ConversationReference(string Id);

/// <summary>A message as the chat template sees it.</summary>
internal sealed record TemplateMessage(string Role, string Content);

/// <summary>One part of a message's content; only text is supported.</summary>
internal sealed record ContentPart
{
    public string? Type { get; init; }

    public string? Text { get; init; }
}

/// <summary>The arguments for the chat template that a client sent.</summary>
/// <param name="EnableThinking">The one that is allowed.</param>
/// <param name="HasForeign">There was another one.</param>
internal sealed record TemplateArguments(bool? EnableThinking, bool HasForeign);

internal sealed record ThinkingSwitch
{
    public string? Type { get; init; }
}

internal sealed record ResponseFormat
{
    public string? Type { get; init; }
}
