using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>What a reader accepts.</summary>
/// <param name="MaxMessageBytes">Of one message, before and after decompression; null is no limit but that of an array.</param>
/// <param name="Encoding">The sender's grpc-encoding; null when it named none.</param>
internal sealed record ReceiveRules(int? MaxMessageBytes, string? Encoding);

/// <summary>Reads the Length-Prefixed-Messages of one direction of a call; the limit is checked before a message is buffered.</summary>
internal sealed class MessageReader<T>(PipeReader body, Func<DeserializationContext, T> deserializer, ReceiveRules rules)
    where T : class
{
    private readonly MessagePayload _payload = new();

    /// <summary>The next message, or null at the end of the body.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED, UNIMPLEMENTED (compression) or INTERNAL (body ended inside a message).</exception>
    /// <exception cref="InvalidDataException">The bytes are no gRPC frame.</exception>
    public async ValueTask<T?> ReadNextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            T? message = null;
            try
            {
                message = TryTake(ref buffer);
            }
            finally
            {
                // Without a whole message, everything has been examined: the pipe then waits for more and opens the flow window.
                body.AdvanceTo(buffer.Start, message is null ? buffer.End : buffer.Start);
            }

            if (message is not null)
            {
                return message;
            }

            if (read.IsCompleted || read.IsCanceled)
            {
                return buffer.IsEmpty ? null : throw Internal("Incomplete message.");
            }
        }
    }

    /// <summary>The only message of the body.</summary>
    /// <exception cref="RpcException">Also INTERNAL when there is no message, or more than one.</exception>
    public async ValueTask<T> ReadSingleAsync(CancellationToken cancellationToken)
    {
        T message = await ReadNextAsync(cancellationToken).ConfigureAwait(false) ?? throw Internal("Incomplete message.");
        ReadResult rest = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
        bool hasMore = !rest.Buffer.IsEmpty;
        body.AdvanceTo(rest.Buffer.Start);
        return hasMore ? throw Internal("Additional data after the message received.") : message;
    }

    /// <summary>Gives the body's buffers back.</summary>
    public ValueTask CompleteAsync() => body.CompleteAsync();

    private static RpcException Internal(string detail) => new(new Status(StatusCode.Internal, detail));

    private T? TryTake(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < MessageFrame.HeaderBytes)
        {
            return null;
        }

        Span<byte> header = stackalloc byte[MessageFrame.HeaderBytes];
        buffer.Slice(0, MessageFrame.HeaderBytes).CopyTo(header);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        ThrowIfRefused(header[0], length);
        if (buffer.Length < MessageFrame.HeaderBytes + length)
        {
            return null;
        }

        ReadOnlySequence<byte> bytes = buffer.Slice(MessageFrame.HeaderBytes, length);
        buffer = buffer.Slice(bytes.End);
        _payload.Bytes = header[0] == 0 ? bytes : MessageEncoding.Decompress(rules.Encoding, bytes, rules.MaxMessageBytes);
        T message = deserializer(_payload);
        _payload.Bytes = default;
        return message;
    }

    private void ThrowIfRefused(byte flag, uint length)
    {
        if (flag > 1)
        {
            throw new InvalidDataException($"the flag of a message is 0 or 1, not {flag}");
        }

        if (length > int.MaxValue)
        {
            throw new InvalidDataException($"a message of {length} bytes does not fit into memory");
        }

        if (length > rules.MaxMessageBytes)
        {
            throw MessageEncoding.TooLarge();
        }

        if (flag == 1)
        {
            MessageEncoding.ThrowIfUnknown(rules.Encoding);
        }
    }

    private sealed class MessagePayload : DeserializationContext
    {
        public ReadOnlySequence<byte> Bytes { get; set; }

        public override int PayloadLength => (int)Bytes.Length;

        public override byte[] PayloadAsNewBuffer() => Bytes.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => Bytes;
    }
}
