using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Turns the body for a new conversation into one, within the bounds that OpenAI names.</summary>
internal sealed class ConversationValidator(ChatMessagesValidator messages)
{
    private const int MaxItems = 20;
    private const int MaxMetadata = 16;
    private const int MaxNameLength = 64;
    private const int MaxValueLength = 512;

    /// <exception cref="RequestRejected">A part of the body is outside its range or not supported.</exception>
    public Conversation Validate(ConversationCreation body, DateTimeOffset now) => new()
    {
        CreatedAt = now.ToUnixTimeSeconds(),
        Metadata = Metadata(body.Metadata ?? []),
        Opening = Opening(body.Items ?? []),
    };

    private static Dictionary<string, string> Metadata(Dictionary<string, string> metadata)
    {
        Within("metadata", metadata.Count, MaxMetadata, "entries of ");
        foreach ((string name, string? value) in metadata)
        {
            Within("metadata", name.Length, MaxNameLength, "characters in a key of ");
            Within("metadata", (value ?? throw RequestRejected.Invalid("metadata", "'metadata' must hold strings only")).Length, MaxValueLength, "characters in a value of ");
        }

        return metadata;
    }

    private ConversationMessage[] Opening(ConversationInput?[] items)
    {
        Within("items", items.Length, MaxItems, "entries of ");
        ChatMessage[] said = [.. items.Select(Message)];
        return said.Length == 0
            ? []
            : [.. messages.Validate(said, "items").Select(message => new ConversationMessage(message.Role, message.Content))];
    }

    private static ChatMessage Message(ConversationInput? item, int index) => item?.Type is null or "message"
        ? new ChatMessage { Role = item?.Role, Content = item?.Content }
        : throw RequestRejected.Unsupported($"items[{index}].type", $"'items[{index}].type': only the type 'message' is supported");

    private static void Within(string name, int value, int most, string what)
    {
        if (value > most)
        {
            throw RequestRejected.Outside(name, value, 0, most, what);
        }
    }
}
