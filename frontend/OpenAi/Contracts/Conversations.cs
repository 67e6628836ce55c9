using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The body of <c>POST /v1/conversations</c>, as sent. Fields that are not here are ignored.</summary>
internal sealed record ConversationCreation
{
    public ConversationInput[]? Items { get; init; }

    public Dictionary<string, string>? Metadata { get; init; }
}

/// <summary>Something that was said before; only messages are supported.</summary>
internal sealed record ConversationInput
{
    public string? Type { get; init; }

    public string? Role { get; init; }

    public MessageContent? Content { get; init; }
}

internal sealed record ConversationObject(string Id, long CreatedAt, IReadOnlyDictionary<string, string> Metadata)
{
    public string Object { get; } = "conversation";
}

internal sealed record DeletedConversation(string Id)
{
    public string Object { get; } = "conversation.deleted";

    public bool Deleted { get; } = true;
}

/// <summary>A page of <c>GET /v1/conversations/{id}/items</c>.</summary>
internal sealed record ConversationItemList(ConversationItem[] Data, bool HasMore)
{
    public string Object { get; } = "list";

    public string? FirstId => Data.FirstOrDefault()?.Id;

    public string? LastId => Data.LastOrDefault()?.Id;
}

/// <summary>A message of a conversation.</summary>
internal sealed record ConversationItem(string Id, string Role, ConversationText[] Content)
{
    public string Type { get; } = "message";

    public string Status { get; } = "completed";
}

/// <param name="Type"><c>output_text</c> of the assistant, <c>input_text</c> of everybody else.</param>
internal sealed record ConversationText(string Type, string Text)
{
    /// <summary>Readers of output texts expect the list.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Annotations { get; init; }
}
