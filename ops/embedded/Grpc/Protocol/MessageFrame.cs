using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>
/// Builds one Length-Prefixed-Message: a flag byte, the length as four big-endian bytes, the message. The whole frame is built
/// before the first byte is sent, so that a serializer that fails cannot leave half a message on the wire.
/// One frame serves the writes of one call, one after the other; its buffer lives as long as the call.
/// </summary>
internal sealed class MessageFrame(int? maxMessageBytes) : SerializationContext
{
    public const int HeaderBytes = 5;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private bool _complete;

    /// <returns>The frame; valid until the next call.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the message is larger than the limit.</exception>
    public ReadOnlyMemory<byte> Build<T>(T message, Action<T, SerializationContext> serializer)
    {
        _complete = false;
        _buffer.ResetWrittenCount();
        _buffer.GetSpan(HeaderBytes)[..HeaderBytes].Clear();
        _buffer.Advance(HeaderBytes);
        serializer(message, this);
        if (!_complete)
        {
            throw new InvalidOperationException("the serializer has not completed the message");
        }

        int messageBytes = _buffer.WrittenCount - HeaderBytes;
        if (messageBytes > maxMessageBytes)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                $"Sending message exceeds the maximum configured message size of {maxMessageBytes} bytes."));
        }

        BinaryPrimitives.WriteInt32BigEndian(MemoryMarshal.AsMemory(_buffer.WrittenMemory).Span[1..], messageBytes);
        return _buffer.WrittenMemory;
    }

    public override void Complete(byte[] payload)
    {
        _buffer.Write(payload);
        _complete = true;
    }

    public override void Complete() => _complete = true;

    public override IBufferWriter<byte> GetBufferWriter() => _buffer;

    public override void SetPayloadLength(int payloadLength) => _buffer.GetSpan(payloadLength);
}
