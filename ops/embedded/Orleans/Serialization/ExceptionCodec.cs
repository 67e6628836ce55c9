using System.Runtime.CompilerServices;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>
/// Any exception: its message, its stack as text, its inner exception, and the [Id] members of its class where it has some.
/// Exceptions have no common constructor: one without parameters is used where there is one, and otherwise none.
/// </summary>
internal sealed class ExceptionCodec<T>(ObjectCodec<T> members) : Codec<T>
    where T : Exception
{
    private const uint MessageId = 0;
    private const uint StackId = 1;
    private const uint InnerId = 2;
    private const uint ResultId = 3;
    private const uint MembersId = 4;

    // As in the official runtime, a call within one silo hands over the exception itself.
    public override bool IsShareable => true;

    public override T Copy(T value) => value;

    public override void Write(WireWriter writer, uint id, T value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        writer.Header(id, WireType.Block);
        int block = writer.BeginBlock();
        CodecTable.Get<string>().Write(writer, MessageId, value.Message);
        CodecTable.Get<string?>().Write(writer, StackId, value.StackTrace);
        CodecTable.Get<Exception?>().Write(writer, InnerId, value.InnerException);
        CodecTable.Get<int>().Write(writer, ResultId, value.HResult);
        writer.Header(MembersId, WireType.Block);
        int inner = writer.BeginBlock();
        members.WriteMembers(writer, value);
        writer.EndBlock(inner);
        writer.EndBlock(block);
    }

    public override T Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.Block);
        int outer = reader.BeginBlock();
        T value = Create();
        while (!reader.AtEnd)
        {
            (uint id, WireType fieldType) = reader.Header();
            ReadField(reader, id, fieldType, ref value);
        }

        reader.EndBlock(outer);
        return value;
    }

    // Some, like AggregateException, do not work without what their constructor makes.
    private static T Create() =>
        typeof(T).GetConstructor(Type.EmptyTypes) is { } constructor
            ? (T)constructor.Invoke(null)
            : (T)RuntimeHelpers.GetUninitializedObject(typeof(T));

    private void ReadField(WireReader reader, uint id, WireType type, ref T value)
    {
        switch (id)
        {
            case MessageId:
                ExceptionFields.Message(value) = CodecTable.Get<string?>().Read(reader, type);
                break;
            case StackId:
                ExceptionFields.RemoteStack(value) = CodecTable.Get<string?>().Read(reader, type);
                break;
            case InnerId:
                ExceptionFields.Inner(value) = CodecTable.Get<Exception?>().Read(reader, type);
                break;
            case ResultId:
                value.HResult = CodecTable.Get<int>().Read(reader, type);
                break;
            case MembersId:
                int outer = reader.BeginBlock();
                members.ReadMembers(reader, ref value);
                reader.EndBlock(outer);
                break;
            default:
                reader.Skip(type);
                break;
        }
    }
}

internal static class ExceptionFields
{
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    public static extern ref string? Message(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    public static extern ref Exception? Inner(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_remoteStackTraceString")]
    public static extern ref string? RemoteStack(Exception exception);
}
