using System.Globalization;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Which of a conversation's items a client wants to see.</summary>
/// <param name="After">The id of the item before the page; null for the first page.</param>
internal sealed record ConversationPage(string? After, int Limit, bool NewestFirst)
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <exception cref="RequestRejected">A parameter has a value that it cannot have.</exception>
    public static ConversationPage Of(IQueryCollection query) => new(query["after"].FirstOrDefault(), LimitOf(query), NewestFirstOf(query));

    /// <exception cref="RequestRejected">The item to begin after is none of the conversation.</exception>
    public ConversationItemList Cut(ConversationId id, Conversation conversation)
    {
        List<ConversationItem> all = [.. conversation.Messages.Select((message, index) => Item($"msg_{id.Digits}_{index}", message))];
        if (NewestFirst)
        {
            all.Reverse();
        }

        int start = After is null ? 0 : all.FindIndex(item => item.Id == After) + 1;
        return start > 0 || After is null
            ? new ConversationItemList([.. all.Skip(start).Take(Limit)], HasMore: all.Count - start > Limit)
            : throw RequestRejected.Invalid("after", "'after' must be the id of an item of this conversation");
    }

    private static ConversationItem Item(string id, ConversationMessage message)
    {
        ConversationText text = message.Role == "assistant"
            ? new ConversationText("output_text", message.Content) { Annotations = [] }
            : new ConversationText("input_text", message.Content);
        return new ConversationItem(id, message.Role, [text]);
    }

    private static int LimitOf(IQueryCollection query)
    {
        if (!query.TryGetValue("limit", out Microsoft.Extensions.Primitives.StringValues text))
        {
            return DefaultLimit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is >= 1 and <= MaxLimit
            ? limit
            : throw RequestRejected.Invalid("limit", $"'limit' must be a number from 1 to {MaxLimit}");
    }

    private static bool NewestFirstOf(IQueryCollection query) => query["order"].FirstOrDefault() switch
    {
        null or "desc" => true,
        "asc" => false,
        _ => throw RequestRejected.Invalid("order", "'order' must be asc or desc"),
    };
}
