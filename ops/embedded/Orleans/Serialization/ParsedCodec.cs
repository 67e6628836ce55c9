using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Unchanging values that have a text form which can be read back.</summary>
internal sealed class ParsedCodec<T>(Func<T, string> format, Func<string, T> parse) : ValueCodec<T?>
    where T : class
{
    public override void Write(WireWriter writer, uint id, T? value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
            return;
        }

        writer.Header(id, WireType.Bytes);
        writer.Text(format(value));
    }

    public override T? Read(WireReader reader, WireType type)
    {
        if (type == WireType.Null)
        {
            return null;
        }

        Expect(type, WireType.Bytes);
        string text = reader.Text();
        try
        {
            return parse(text);
        }
        catch (FormatException damaged)
        {
            throw new SerializerException($"'{text}' is no {typeof(T).Name}", damaged);
        }
    }
}
