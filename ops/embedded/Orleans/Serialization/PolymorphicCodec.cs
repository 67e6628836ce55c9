using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>
/// A place that may hold null, or a value of a type derived from the declared one: then the type's name goes with it.
/// </summary>
/// <param name="exact">For values of the declared type itself; null when there can be none, as with interfaces.</param>
internal sealed class PolymorphicCodec<T>(Codec<T>? exact) : Codec<T?>
    where T : class
{
    public override bool IsShareable => exact is { IsShareable: true } && typeof(T).IsSealed;

    public override void Write(WireWriter writer, uint id, T? value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
        }
        else if (exact is not null && value.GetType() == typeof(T))
        {
            exact.Write(writer, id, value);
        }
        else
        {
            Type type = CodecTable.WireTypeOf(value);
            Codec codec = CodecTable.Get(type);
            writer.Header(id, WireType.TypedBlock);
            int block = writer.BeginBlock();
            writer.Text(TypeNames.NameOf(type));
            codec.WriteBoxed(writer, 0, value);
            writer.EndBlock(block);
        }
    }

    public override T? Read(WireReader reader, WireType type)
    {
        if (type == WireType.Null)
        {
            return null;
        }

        if (type != WireType.TypedBlock)
        {
            return exact is null ? throw new SerializerException($"the value of a {typeof(T)} lacks its type") : exact.Read(reader, type);
        }

        int outer = reader.BeginBlock();
        Codec codec = CodecTable.Get(TypeNames.Resolve(reader.Text()));
        object? value = codec.ReadBoxed(reader, reader.Header().Type);
        reader.EndBlock(outer);
        return value as T ?? throw new SerializerException($"a {value?.GetType()} was sent where a {typeof(T)} belongs");
    }

    public override T? Copy(T? value)
    {
        if (value is null)
        {
            return value;
        }

        if (exact is not null && value.GetType() == typeof(T))
        {
            return exact.IsShareable ? value : exact.Copy(value);
        }

        return (T?)CodecTable.Get(CodecTable.WireTypeOf(value)).CopyBoxed(value);
    }
}
