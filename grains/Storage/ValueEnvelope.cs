using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// What surrounds a stored value: a mark, the version of its schema, and a checksum over key, version and content. What was damaged, written
/// by something else, or moved from another key does not open.
/// </summary>
/// <remarks>Layout: "DSV1", schema version (2 bytes, little-endian), the first 16 bytes of SHA-256, content.</remarks>
internal static class ValueEnvelope
{
    private const int ChecksumBytes = 16;
    private const int HeaderBytes = 4 + sizeof(ushort) + ChecksumBytes;

    private static ReadOnlySpan<byte> Mark => "DSV1"u8;

    public static byte[] Seal(StoreKey key, ushort schema, ReadOnlySpan<byte> content)
    {
        byte[] sealedValue = new byte[HeaderBytes + content.Length];
        Mark.CopyTo(sealedValue);
        BinaryPrimitives.WriteUInt16LittleEndian(sealedValue.AsSpan(Mark.Length), schema);
        content.CopyTo(sealedValue.AsSpan(HeaderBytes));
        Checksum(key, schema, content).CopyTo(sealedValue.AsSpan(Mark.Length + sizeof(ushort)));
        return sealedValue;
    }

    /// <summary>False for anything that <see cref="Seal"/> has not made of this key and this schema.</summary>
    public static bool TryOpen(StoreKey key, ushort schema, ReadOnlyMemory<byte> value, [NotNullWhen(true)] out ReadOnlyMemory<byte>? content)
    {
        content = null;
        ReadOnlySpan<byte> bytes = value.Span;
        if (bytes.Length < HeaderBytes
            || !bytes.StartsWith(Mark)
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[Mark.Length..]) != schema
            || !bytes[(Mark.Length + sizeof(ushort))..HeaderBytes].SequenceEqual(Checksum(key, schema, bytes[HeaderBytes..])))
        {
            return false;
        }

        content = value[HeaderBytes..];
        return true;
    }

    private static ReadOnlySpan<byte> Checksum(StoreKey key, ushort schema, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] parts = [key.Kind, key.Tenant.Value, key.Model, key.Name, $"{schema}"];
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (string part in parts)
        {
            byte[] text = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            hash.AppendData(length);
            hash.AppendData(text);
        }

        hash.AppendData(content);
        return hash.GetHashAndReset().AsSpan(0, ChecksumBytes);
    }
}
