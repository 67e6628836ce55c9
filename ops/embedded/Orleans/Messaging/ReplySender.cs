using DeepSeekOrleans.Embedded.Serialization;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>Tells callers how their calls ended.</summary>
internal sealed class ReplySender(Node node)
{
    private const uint ResultId = 0;
    private const uint ExceptionId = 1;

    /// <summary>Hands a received outcome to the caller.</summary>
    public static void Complete(PendingCall call, WireReader reader)
    {
        try
        {
            if (reader.AtEnd)
            {
                call.CompleteFrom(reader, null);
                return;
            }

            (uint id, WireType type) = reader.Header();
            if (id == ExceptionId)
            {
                call.Fail(CodecTable.Get<Exception>().Read(reader, type));
            }
            else
            {
                call.CompleteFrom(reader, type);
            }
        }
        catch (Exception unreadable)
        {
            call.Fail(unreadable);
        }
    }

    public void Succeed(Message request, object? result)
    {
        if (request.Kind != MessageKind.Request)
        {
            return;
        }

        Codec? codec = request.Method!.Returns.ResultCodec;
        if (request.Caller is not null)
        {
            object? copy = codec?.CopyBoxed(result);
            node.Pending.Remove(request.Id)?.Complete(copy);
            return;
        }

        Send(request, codec is null ? null : writer => codec.WriteBoxed(writer, ResultId, result));
    }

    public void Fail(Message request, Exception exception)
    {
        if (request.Kind != MessageKind.Request)
        {
            return;
        }

        if (request.Caller is not null)
        {
            node.Pending.Remove(request.Id)?.Fail(exception);
            return;
        }

        try
        {
            Send(request, writer => CodecTable.Get<Exception>().Write(writer, ExceptionId, exception));
        }
        catch (Exception unwritable)
        {
            // The caller must hear of the failure even when the failure itself cannot be sent.
            var substitute = new OrleansException($"{exception.GetType()}: {exception.Message} (it could not be sent: {unwritable.Message})");
            Send(request, writer => CodecTable.Get<Exception>().Write(writer, ExceptionId, substitute));
        }
    }

    // A receiver that is gone has nobody left who waits.
    private void Send(Message request, Action<WireWriter>? write) =>
        node.Send(
            request.Via ?? request.Sender,
            Frames.EncodeReply(request.Sender, request.Id, node.Messaging.MaxMessageBodySize, write));
}
