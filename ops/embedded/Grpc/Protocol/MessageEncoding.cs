using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>A message came in a compression that is not known here; the answer must name the known ones.</summary>
internal sealed class UnknownEncodingException(string encoding)
    : RpcException(new Status(
        StatusCode.Unimplemented,
        $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {MessageEncoding.Accepted}"));

/// <summary>
/// Decompression of received messages (https://github.com/grpc/grpc/blob/master/doc/compression.md). The limit holds for the
/// decompressed size too, so that a small body cannot fill the memory.
/// </summary>
internal static class MessageEncoding
{
    /// <summary>The value of grpc-accept-encoding.</summary>
    public const string Accepted = "identity,gzip,deflate";

    private const int StepBytes = 16 * 1024;

    public static RpcException TooLarge() => new(new Status(
        StatusCode.ResourceExhausted,
        "Received message exceeds the maximum configured message size."));

    /// <exception cref="RpcException">INTERNAL: the sender named no compression. UNIMPLEMENTED: it named another one.</exception>
    public static void ThrowIfUnknown(string? encoding)
    {
        switch (encoding)
        {
            case "gzip" or "deflate":
                return;
            case null or "identity":
                throw new RpcException(new Status(StatusCode.Internal, "Compressed message without a compression in grpc-encoding."));
            default:
                throw new UnknownEncodingException(encoding);
        }
    }

    public static ReadOnlySequence<byte> Decompress(string? encoding, ReadOnlySequence<byte> compressed, int? maxBytes)
    {
        using Stream source = PipeReader.Create(compressed).AsStream();
        // gRPC's "deflate" is the zlib format, as HTTP's is (RFC 9110 section 8.4.1.2).
        using Stream plain = encoding == "gzip"
            ? new GZipStream(source, CompressionMode.Decompress)
            : new ZLibStream(source, CompressionMode.Decompress);

        ArrayBufferWriter<byte> message = new();
        while (plain.Read(message.GetSpan(StepBytes)) is int read and > 0)
        {
            message.Advance(read);
            if (message.WrittenCount > maxBytes)
            {
                throw TooLarge();
            }
        }

        return new ReadOnlySequence<byte>(message.WrittenMemory);
    }
}
