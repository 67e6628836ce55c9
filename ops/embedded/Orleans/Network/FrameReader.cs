using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace DeepSeekOrleans.Embedded.Network;

/// <summary>Frames on a stream: a length of four bytes, little-endian, and as many bytes.</summary>
internal sealed class FrameReader(Stream stream, int maxFrameBytes)
{
    public const int PrefixBytes = sizeof(int);

    private static readonly StreamPipeReaderOptions Options = new(bufferSize: 64 * 1024, leaveOpen: true);

    private readonly PipeReader _reader = PipeReader.Create(stream, Options);

    /// <returns>Null at the end of the stream.</returns>
    /// <exception cref="InvalidDataException">A length is negative or above the limit.</exception>
    public async ValueTask<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            byte[]? frame = Take(ref buffer);
            _reader.AdvanceTo(buffer.Start, frame is null ? buffer.End : buffer.Start);
            if (frame is not null || result.IsCompleted)
            {
                return frame;
            }
        }
    }

    private byte[]? Take(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < PrefixBytes)
        {
            return null;
        }

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length <= 0 || length > maxFrameBytes)
        {
            throw new InvalidDataException($"a frame of {length} bytes was announced; 1 to {maxFrameBytes} are allowed");
        }

        if (buffer.Length < PrefixBytes + length)
        {
            return null;
        }

        byte[] frame = buffer.Slice(PrefixBytes, length).ToArray();
        buffer = buffer.Slice(PrefixBytes + length);
        return frame;
    }
}
