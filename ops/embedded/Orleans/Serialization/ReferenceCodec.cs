using DeepSeekOrleans.Embedded.Invocation;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>References to grains and observers: the identity and the interface.</summary>
internal sealed class ReferenceCodec<T> : Codec<T?>
    where T : class, IAddressable
{
    // A reference is bound to the node that made it, and within one silo it stays there.
    public override bool IsShareable => false;

    public override void Write(WireWriter writer, uint id, T? value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
            return;
        }

        GrainReference reference = ToReference(value);
        writer.Header(id, WireType.Block);
        int block = writer.BeginBlock();
        writer.Text(reference.GrainId.Type.ToString());
        writer.Text(reference.GrainId.Key.ToString());
        writer.Text(reference.Model.Name);
        writer.EndBlock(block);
    }

    public override T? Read(WireReader reader, WireType type)
    {
        if (type == WireType.Null)
        {
            return null;
        }

        Expect(type, WireType.Block);
        int outer = reader.BeginBlock();
        var id = GrainId.Create(reader.Text(), reader.Text());
        Type sent = TypeNames.ResolveInterface(reader.Text());
        reader.EndBlock(outer);
        Type wanted = typeof(T).IsInterface && typeof(T).IsAssignableTo(sent) ? typeof(T) : sent;
        return (T)(object)reader.References.CreateReference(id, wanted);
    }

    public override T? Copy(T? value) => value is null ? null : (T)(object)ToReference(value);

    private static GrainReference ToReference(T value) => value switch
    {
        GrainReference reference => reference,
        IGrainBase grain => grain.GrainContext.GrainReference.CastTo(typeof(T).IsInterface ? typeof(T) : typeof(IAddressable)),
        _ => throw new SerializerException(
            $"a {value.GetType()} was passed as it is; pass the reference that CreateObjectReference<{typeof(T).Name}> makes of it"),
    };
}
