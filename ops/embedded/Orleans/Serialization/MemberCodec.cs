using System.Reflection;
using System.Reflection.Emit;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>One member of a type: where it is stored, and its id on the wire.</summary>
internal abstract class MemberCodec<TOwner>
{
    public abstract uint Id { get; }

    public abstract bool IsShareable { get; }

    public abstract void Write(WireWriter writer, ref TOwner owner);

    public abstract void Read(WireReader reader, WireType type, ref TOwner owner);

    public abstract void Copy(ref TOwner from, ref TOwner to);
}

/// <inheritdoc/>
/// <param name="field">The field itself, or the one behind an automatic property: that works for get-only and init-only ones too.</param>
internal sealed class MemberCodec<TOwner, TMember>(uint id, FieldInfo field, bool isImmutable) : MemberCodec<TOwner>
{
    private readonly Get _get = CompileGet(field);
    private readonly Set _set = CompileSet(field);

    // Looked up when first needed, because a type may contain itself.
    private Codec<TMember>? _codec;

    private delegate TMember Get(ref TOwner owner);

    private delegate void Set(ref TOwner owner, TMember value);

    public override uint Id => id;

    public override bool IsShareable => isImmutable || Codec.IsShareable;

    private Codec<TMember> Codec => _codec ??= CodecTable.Get<TMember>();

    public override void Write(WireWriter writer, ref TOwner owner) => Codec.Write(writer, id, _get(ref owner));

    public override void Read(WireReader reader, WireType type, ref TOwner owner) => _set(ref owner, Codec.Read(reader, type));

    public override void Copy(ref TOwner from, ref TOwner to)
    {
        TMember value = _get(ref from);
        _set(ref to, IsShareable ? value : Codec.Copy(value));
    }

    private static Get CompileGet(FieldInfo field)
    {
        var method = new DynamicMethod("get", typeof(TMember), [typeof(TOwner).MakeByRefType()], field.DeclaringType!, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LoadOwner(il);
        il.Emit(OpCodes.Ldfld, field);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Get>();
    }

    private static Set CompileSet(FieldInfo field)
    {
        Type[] parameters = [typeof(TOwner).MakeByRefType(), typeof(TMember)];
        var method = new DynamicMethod("set", typeof(void), parameters, field.DeclaringType!, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LoadOwner(il);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Stfld, field);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Set>();
    }

    private static void LoadOwner(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        if (!typeof(TOwner).IsValueType)
        {
            il.Emit(OpCodes.Ldind_Ref);
        }
    }
}
