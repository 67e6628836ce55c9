using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi.Json;

/// <summary>A value has a shape that the protocol does not know. The message is written for the client, without the parameter's name.</summary>
internal sealed class WrongShapeException(string message) : JsonException(message);

/// <summary>A converter of something that clients send and we never write.</summary>
internal abstract class RequestConverter<T> : JsonConverter<T>
{
    public sealed override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        throw new NotSupportedException("requests are only read");

    /// <summary>Reads the texts of an array and stops at the entry beyond the limit, before anything is kept for it.</summary>
    protected static string[] ReadTexts(ref Utf8JsonReader reader, int limit)
    {
        var texts = new List<string>();
        while (reader.TokenType != JsonTokenType.EndArray)
        {
            RefuseBeyond(limit, texts.Count);
            texts.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new WrongShapeException("must hold strings only"));
            reader.Read();
        }

        return [.. texts];
    }

    protected static void RefuseBeyond(int limit, int count)
    {
        if (count >= limit)
        {
            throw new WrongShapeException($"must have at most {limit} entries");
        }
    }
}

internal sealed class MessagesConverter(int limit) : RequestConverter<ChatMessage[]>
{
    public override ChatMessage[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new WrongShapeException("must be an array");
        }

        var messages = new List<ChatMessage>();
        var type = (JsonTypeInfo<ChatMessage>)options.GetTypeInfo(typeof(ChatMessage));
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            RefuseBeyond(limit, messages.Count);
            messages.Add(ReadMessage(ref reader, type, messages.Count));
        }

        return [.. messages];
    }

    private static ChatMessage ReadMessage(ref Utf8JsonReader reader, JsonTypeInfo<ChatMessage> type, int index)
    {
        try
        {
            return JsonSerializer.Deserialize(ref reader, type) ?? throw new WrongShapeException("must not hold null");
        }
        catch (JsonException e) when (e.Path is not null)
        {
            // the serializer knows the path inside the message only
            string message = e is WrongShapeException ? e.Message : RequestReader.WrongTypeText;
            throw new JsonException(message, $"$.messages[{index}]{e.Path.AsSpan(1)}", null, null, e.InnerException);
        }
    }
}

/// <summary>A text, or an array of parts with a text each.</summary>
internal sealed class MessageContentConverter(int limit) : RequestConverter<MessageContent>
{
    public override MessageContent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => new MessageContent(reader.GetString()!),
        JsonTokenType.StartArray => ReadParts(ref reader, options),
        _ => throw new WrongShapeException("must be a string or an array of parts"),
    };

    private MessageContent ReadParts(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        var texts = new List<string>();
        var type = (JsonTypeInfo<ContentPart>)options.GetTypeInfo(typeof(ContentPart));
        int? foreign = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            RefuseBeyond(limit, texts.Count);
            ContentPart part = ReadPart(ref reader, type);
            bool isText = part is { Type: "text" or "input_text" or "output_text", Text: not null };
            foreign ??= isText ? null : texts.Count;
            texts.Add(part.Text ?? "");
        }

        return new MessageContent(string.Concat(texts), foreign);
    }

    private static ContentPart ReadPart(ref Utf8JsonReader reader, JsonTypeInfo<ContentPart> type)
    {
        try
        {
            return JsonSerializer.Deserialize(ref reader, type) ?? throw new WrongShapeException("must not hold null");
        }
        catch (JsonException e) when (e.Path is not null && e.InnerException is not JsonException)
        {
            throw new WrongShapeException("must hold parts with a type and a text");
        }
    }
}

internal sealed class StopStringsConverter(int limit) : RequestConverter<StopStrings>
{
    public override StopStrings Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new StopStrings([reader.GetString()!]);
            case JsonTokenType.StartArray:
                reader.Read();
                return new StopStrings(ReadTexts(ref reader, limit));
            default:
                throw new WrongShapeException("must be a string or an array of strings");
        }
    }
}

internal sealed class LogitBiasConverter(int limit) : RequestConverter<Dictionary<int, double>>
{
    public override Dictionary<int, double> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new WrongShapeException("must be an object of token ids and numbers");
        }

        var biases = new Dictionary<int, double>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            RefuseBeyond(limit, biases.Count);
            if (!int.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw new WrongShapeException("has a key that is not a token id");
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !biases.TryAdd(id, reader.GetDouble()))
            {
                throw new WrongShapeException("must give each token id one number");
            }
        }

        return biases;
    }
}

/// <summary>An id, or an object with an id.</summary>
internal sealed class ConversationReferenceConverter : RequestConverter<ConversationReference>
{
    private const string Forms = "must be a conversation's id, or an object with its id";

    public override ConversationReference Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new ConversationReference(reader.GetString()!);
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new WrongShapeException(Forms);
        }

        string? id = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            bool isId = reader.ValueTextEquals("id"u8);
            reader.Read();
            id = isId && reader.TokenType == JsonTokenType.String ? reader.GetString() : id;
            reader.Skip();
        }

        return new ConversationReference(id ?? throw new WrongShapeException(Forms));
    }
}

/// <summary>Reads the one template argument that is allowed and remembers the name of any other.</summary>
internal sealed class TemplateArgumentsConverter : RequestConverter<TemplateArguments>
{
    public override TemplateArguments Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new WrongShapeException("must be an object");
        }

        bool? enableThinking = null;
        bool hasForeign = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            bool isKnown = reader.ValueTextEquals("enable_thinking"u8);
            reader.Read();
            if (isKnown && reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
            {
                throw new WrongShapeException("must have true or false as 'enable_thinking'");
            }

            enableThinking = isKnown ? reader.GetBoolean() : enableThinking;
            hasForeign |= !isKnown;
            reader.Skip();
        }

        return new TemplateArguments(enableThinking, hasForeign);
    }
}
