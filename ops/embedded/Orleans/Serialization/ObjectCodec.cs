using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>
/// A type with [GenerateSerializer]: its members by id, one level per class of the hierarchy, the base first. Unknown ids are
/// skipped, members that the message lacks keep what the constructor gave them.
/// </summary>
internal sealed class ObjectCodec<T> : Codec<T>
{
    private readonly MemberCodec<T>[][] _levels;
    private readonly Func<T> _create;
    private readonly Lazy<bool> _isShareable;

    public ObjectCodec(MemberCodec<T>[][] levels, bool isImmutable)
    {
        _levels = levels;
        _create = CompileCreate();
        _isShareable = new(() => isImmutable || (typeof(T).IsValueType && levels.All(level => level.All(member => member.IsShareable))));
    }

    public override bool IsShareable => _isShareable.Value;

    public override void Write(WireWriter writer, uint id, T value)
    {
        writer.Header(id, WireType.Block);
        int block = writer.BeginBlock();
        WriteMembers(writer, value);
        writer.EndBlock(block);
    }

    public override T Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.Block);
        int outer = reader.BeginBlock();
        T value = _create();
        ReadMembers(reader, ref value);
        reader.EndBlock(outer);
        return value;
    }

    public override T Copy(T value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        T copy = _create();
        foreach (MemberCodec<T>[] level in _levels)
        {
            foreach (MemberCodec<T> member in level)
            {
                member.Copy(ref value, ref copy);
            }
        }

        return copy;
    }

    internal void WriteMembers(WireWriter writer, T value)
    {
        // An object that contains itself must end in an exception, not in the process.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        for (int level = 0; level < _levels.Length; level++)
        {
            if (level > 0)
            {
                writer.Header(0, WireType.EndLevel);
            }

            foreach (MemberCodec<T> member in _levels[level])
            {
                member.Write(writer, ref value);
            }
        }
    }

    internal void ReadMembers(WireReader reader, ref T value)
    {
        int level = 0;
        int expected = 0;
        while (!reader.AtEnd)
        {
            (uint id, WireType type) = reader.Header();
            if (type == WireType.EndLevel)
            {
                level++;
                expected = 0;
            }
            else if (level < _levels.Length && Find(_levels[level], id, ref expected) is { } member)
            {
                member.Read(reader, type, ref value);
            }
            else
            {
                reader.Skip(type);
            }
        }
    }

    /// <summary>Members arrive in the order of their ids, so the next one is nearly always the one expected.</summary>
    private static MemberCodec<T>? Find(MemberCodec<T>[] members, uint id, ref int expected)
    {
        if (expected < members.Length && members[expected].Id == id)
        {
            return members[expected++];
        }

        int found = Array.FindIndex(members, member => member.Id == id);
        expected = found < 0 ? expected : found + 1;
        return found < 0 ? null : members[found];
    }

    private static Func<T> CompileCreate()
    {
        if (typeof(T).IsValueType)
        {
            return static () => default!;
        }

        if (typeof(T).IsAbstract)
        {
            return static () => throw new SerializerException($"{typeof(T)} is abstract");
        }

        ConstructorInfo? constructor =
            typeof(T).GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, Type.EmptyTypes);
        return constructor is null
            ? static () => (T)RuntimeHelpers.GetUninitializedObject(typeof(T))
            : Expression.Lambda<Func<T>>(Expression.New(constructor)).Compile();
    }
}
