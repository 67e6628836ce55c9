using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Frontend.OpenAi.Json;

/// <summary>
/// A parameter of the protocol that is not built. All that is kept is whether the client asked for something by it: null, false, 0,
/// an empty text, an empty list or object, "none" and "auto" ask for nothing.
/// </summary>
[JsonConverter(typeof(UnbuiltParameterConverter))]
internal readonly record struct UnbuiltParameter(bool IsAskedFor);

internal sealed class UnbuiltParameterConverter : JsonConverter<UnbuiltParameter>
{
    public override bool HandleNull => true;

    public override UnbuiltParameter Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null or JsonTokenType.False:
                return new UnbuiltParameter(false);
            case JsonTokenType.Number:
                return new UnbuiltParameter(!(reader.TryGetInt64(out long number) && number == 0));
            case JsonTokenType.String:
                return new UnbuiltParameter(!(reader.ValueTextEquals(""u8) || reader.ValueTextEquals("none"u8) || reader.ValueTextEquals("auto"u8)));
            case JsonTokenType.StartArray or JsonTokenType.StartObject:
                int depth = reader.CurrentDepth;
                reader.Read();
                bool isEmpty = reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject;
                while (reader.CurrentDepth > depth)
                {
                    reader.Read();
                }

                return new UnbuiltParameter(!isEmpty);
            default:
                return new UnbuiltParameter(true);
        }
    }

    public override void Write(Utf8JsonWriter writer, UnbuiltParameter value, JsonSerializerOptions options) =>
        throw new NotSupportedException("requests are only read");
}
