using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Writes, reads and copies the values of one type.</summary>
internal abstract class Codec
{
    /// <summary>Values never change, so that a copy may be the value itself.</summary>
    public abstract bool IsShareable { get; }

    public abstract void WriteBoxed(WireWriter writer, uint id, object? value);

    public abstract object? ReadBoxed(WireReader reader, WireType type);

    public abstract object? CopyBoxed(object? value);
}

/// <inheritdoc/>
internal abstract class Codec<T> : Codec
{
    /// <summary>Writes header and payload of one field.</summary>
    public abstract void Write(WireWriter writer, uint id, T value);

    /// <summary>Reads the payload; <paramref name="type"/> is what the header said.</summary>
    public abstract T Read(WireReader reader, WireType type);

    public abstract T Copy(T value);

    public sealed override void WriteBoxed(WireWriter writer, uint id, object? value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
            return;
        }

        Write(writer, id, (T)value);
    }

    public sealed override object? ReadBoxed(WireReader reader, WireType type) => type == WireType.Null ? null : Read(reader, type);

    public sealed override object? CopyBoxed(object? value) => value is null || IsShareable ? value : Copy((T)value);

    protected static void Expect(WireType actual, WireType expected)
    {
        if (actual != expected)
        {
            throw new SerializerException($"a {typeof(T).Name} was expected as {expected}, and the message has {actual}");
        }
    }
}

/// <summary>A codec for values that never change.</summary>
internal abstract class ValueCodec<T> : Codec<T>
{
    public sealed override bool IsShareable => true;

    public sealed override T Copy(T value) => value;
}
