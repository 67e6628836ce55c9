using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Turns the messages of a chat into the form that chat templates expect: role and text.</summary>
internal sealed class ChatMessagesValidator(IOptions<RequestLimits> limits)
{
    private readonly RequestLimits _limits = limits.Value;

    /// <exception cref="RequestRejected">There is no message, or one that is not supported.</exception>
    public TemplateMessage[] Validate(ChatMessage[] messages, string parameter = "messages")
    {
        RefuseTooMany(messages.Length, parameter);
        RefuseLongTexts(messages.Sum(message => (long)(message.Content?.Text.Length ?? 0)), parameter);
        return [.. messages.Select((message, index) => Message(message, $"{parameter}[{index}]"))];
    }

    /// <summary>As the chat template is given them: an array of {"role", "content"}.</summary>
    /// <param name="messages">Those of the request alone, or those of its conversation before.</param>
    /// <exception cref="RequestRejected">They are too many, or too long, together.</exception>
    public JsonElement ToTemplateInput(TemplateMessage[] messages)
    {
        RefuseTooMany(messages.Length, "messages");
        RefuseLongTexts(messages.Sum(message => (long)message.Content.Length), "messages");
        return JsonSerializer.SerializeToElement(messages, OpenAiJsonContext.Default.TemplateMessageArray);
    }

    private void RefuseTooMany(int messages, string parameter)
    {
        if (messages < 1 || messages > _limits.MaxMessages)
        {
            throw RequestRejected.Outside(parameter, messages, 1, _limits.MaxMessages, "entries of ");
        }
    }

    private void RefuseLongTexts(long characters, string parameter)
    {
        if (characters > _limits.MaxPromptCharacters)
        {
            throw RequestRejected.Outside(parameter, characters, 0, _limits.MaxPromptCharacters, "characters in ");
        }
    }

    private static TemplateMessage Message(ChatMessage message, string name)
    {
        string role = message.Role switch
        {
            "developer" or "system" => "system",
            "user" or "assistant" => message.Role,
            null => throw RequestRejected.Missing($"{name}.role"),
            _ => throw RequestRejected.Invalid(
                $"{name}.role",
                $"'{name}.role' must be developer, system, user or assistant"),
        };
        UnbuiltParameters.Refuse(message, name);
        return message.Content switch
        {
            null => throw RequestRejected.Missing($"{name}.content"),
            { ForeignPart: { } part } => throw RequestRejected.Unsupported(
                $"{name}.content[{part}]",
                $"'{name}.content[{part}]': only parts of the type 'text' with a text are supported"),
            { Text: var text } => new TemplateMessage(role, text),
        };
    }
}
