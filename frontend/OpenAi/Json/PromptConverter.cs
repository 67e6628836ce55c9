using System.Text.Json;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi.Json;

/// <summary>The four forms of a prompt: a text, texts, token ids, or several lists of token ids.</summary>
internal sealed class PromptConverter(int maxPrompts, int maxTokens) : RequestConverter<PromptInput>
{
    private const string Forms = "must be a string, an array of strings, an array of token ids, or an array of arrays of token ids";

    public override PromptInput Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new PromptInput([reader.GetString()!], null);
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new WrongShapeException(Forms);
        }

        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => new PromptInput(ReadTexts(ref reader, maxPrompts), null),
            JsonTokenType.Number => new PromptInput(null, [ReadIds(ref reader)]),
            JsonTokenType.StartArray => new PromptInput(null, ReadIdLists(ref reader)),
            JsonTokenType.EndArray => new PromptInput([], null),
            _ => throw new WrongShapeException(Forms),
        };
    }

    private int[][] ReadIdLists(ref Utf8JsonReader reader)
    {
        var lists = new List<int[]>();
        while (reader.TokenType != JsonTokenType.EndArray)
        {
            RefuseBeyond(maxPrompts, lists.Count);
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw new WrongShapeException(Forms);
            }

            reader.Read();
            lists.Add(ReadIds(ref reader));
            reader.Read();
        }

        return [.. lists];
    }

    private int[] ReadIds(ref Utf8JsonReader reader)
    {
        var ids = new List<int>();
        while (reader.TokenType != JsonTokenType.EndArray)
        {
            RefuseBeyond(maxTokens, ids.Count);
            ids.Add(
                reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int id)
                    ? id
                    : throw new WrongShapeException("must hold token ids only"));
            reader.Read();
        }

        return [.. ids];
    }
}
