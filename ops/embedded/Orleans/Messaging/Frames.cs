using System.Net;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Serialization;
using Orleans.Runtime;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>How messages look between silos and clients: a kind, a fixed row of header values, then the arguments or the result.</summary>
internal static class Frames
{
    private const int HasVia = 1;
    private const int Placed = 2;
    private const int HasContext = 4;
    private const int HasMethod = 8;

    public static MessageKind KindOf(ReadOnlyMemory<byte> frame) => (MessageKind)frame.Span[0];

    public static byte[] Encode(Message message, int limit)
    {
        WireWriter writer = WireWriter.Rent(limit);
        writer.VarInt((ulong)message.Kind);
        writer.VarInt((ulong)message.Id);
        WriteAddress(writer, message.Sender);
        WriteGrain(writer, message.SenderGrain);
        WriteGrain(writer, message.Target);
        writer.VarInt((ulong)message.Forwards);
        writer.VarInt((ulong)FlagsOf(message));
        if (message.Via is not null)
        {
            WriteAddress(writer, message.Via);
        }

        if (message.Context is not null)
        {
            CodecTable.Get<Dictionary<string, object>>().Write(writer, 0, message.Context);
        }

        if (message.Method is not null)
        {
            writer.Text(message.Method.Interface.Name);
            writer.VarInt(message.Method.WireId);
            WriteBody(writer, message);
        }

        byte[] frame = writer.ToArray();
        writer.Return();
        return frame;
    }

    public static Message Decode(ReadOnlyMemory<byte> frame)
    {
        var reader = new WireReader(frame, null);
        var kind = (MessageKind)reader.VarInt();
        long id = (long)reader.VarInt();
        SiloAddress sender = ReadAddress(reader);
        GrainId senderGrain = ReadGrain(reader);
        GrainId target = ReadGrain(reader);
        int forwards = (int)reader.VarInt();
        int flags = (int)reader.VarInt();
        SiloAddress? via = (flags & HasVia) != 0 ? ReadAddress(reader) : null;
        (Dictionary<string, object>? context, MethodModel? method, Exception? refusal) = ReadCall(reader, flags);
        return new Message
        {
            Kind = kind,
            Id = id,
            Sender = sender,
            SenderGrain = senderGrain,
            Target = target,
            Forwards = forwards,
            IsPlaced = (flags & Placed) != 0,
            Via = via,
            Context = context,
            Method = method,
            Refusal = refusal,
            Body = reader.Rest,
        };
    }

    /// <param name="write">Writes the result or the exception as field 0 or 1; null for methods without a result.</param>
    public static byte[] EncodeReply(SiloAddress receiver, long id, int limit, Action<WireWriter>? write)
    {
        WireWriter writer = WireWriter.Rent(limit);
        writer.VarInt((ulong)MessageKind.Reply);
        WriteAddress(writer, receiver);
        writer.VarInt((ulong)id);
        write?.Invoke(writer);
        byte[] frame = writer.ToArray();
        writer.Return();
        return frame;
    }

    /// <summary>Reads the header of a reply; the reader then stands at the outcome.</summary>
    public static (SiloAddress Receiver, long Id) DecodeReply(WireReader reader)
    {
        reader.VarInt();
        return (ReadAddress(reader), (long)reader.VarInt());
    }

    /// <summary>What cannot be understood is the caller's to know, so it is returned and not thrown.</summary>
    private static (Dictionary<string, object>? Context, MethodModel? Method, Exception? Refusal) ReadCall(WireReader reader, int flags)
    {
        try
        {
            Dictionary<string, object>? context = (flags & HasContext) != 0
                ? CodecTable.Get<Dictionary<string, object>>().Read(reader, reader.Header().Type)
                : null;
            MethodModel? method = (flags & HasMethod) != 0
                ? InterfaceModel.Of(TypeNames.ResolveInterface(reader.Text())).MethodById((uint)reader.VarInt())
                : null;
            return (context, method, null);
        }
        catch (SerializerException refusal)
        {
            return (null, null, refusal);
        }
    }

    private static int FlagsOf(Message message) =>
        (message.Via is null ? 0 : HasVia)
        | (message.IsPlaced ? Placed : 0)
        | (message.Context is null ? 0 : HasContext)
        | (message.Method is null ? 0 : HasMethod);

    private static void WriteBody(WireWriter writer, Message message)
    {
        if (message.Arguments is not null)
        {
            message.Method!.WriteArguments(writer, message.Arguments);
        }
        else
        {
            writer.Raw(message.Body.Span);
        }
    }

    private static void WriteAddress(WireWriter writer, SiloAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.Endpoint.Address.TryWriteBytes(bytes, out int written);
        writer.Bytes(bytes[..written]);
        writer.VarInt((ulong)address.Endpoint.Port);
        writer.ZigZag(address.Generation);
    }

    private static SiloAddress ReadAddress(WireReader reader) =>
        SiloAddress.New(new IPAddress(reader.Bytes()), (int)reader.VarInt(), (int)reader.ZigZag());

    private static void WriteGrain(WireWriter writer, GrainId id)
    {
        writer.Text(id.Type.ToString());
        writer.Text(id.Key.ToString());
    }

    private static GrainId ReadGrain(WireReader reader) => GrainId.Create(reader.Text(), reader.Text());
}
