using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DeepSeekOrleans.Language;

/// <summary>Hash input without ambiguity: each part is preceded by its length, tokens are 32-bit little-endian.</summary>
internal static class KeyedHash
{
    private const int LongestOnStack = 512;

    /// <summary>SHA-256 of the purpose and the owner, without an allocation where the owner's name is not very long.</summary>
    public static void Seed(ReadOnlySpan<byte> purpose, string owner, Span<byte> target)
    {
        int length = (2 * sizeof(int)) + purpose.Length + Encoding.UTF8.GetByteCount(owner);
        Span<byte> input = length <= LongestOnStack ? stackalloc byte[length] : new byte[length];
        Span<byte> rest = input[sizeof(int)..];
        BinaryPrimitives.WriteInt32LittleEndian(input, purpose.Length);
        purpose.CopyTo(rest);
        rest = rest[purpose.Length..];
        BinaryPrimitives.WriteInt32LittleEndian(rest, rest.Length - sizeof(int));
        Encoding.UTF8.GetBytes(owner, rest[sizeof(int)..]);
        SHA256.HashData(input, target);
    }

    public static void Append(IncrementalHash hash, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Append(hash, Encoding.UTF8.GetBytes(text));
    }

    public static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    /// <summary>Writes 4 bytes per token.</summary>
    public static void WriteTokens(ReadOnlySpan<int> ids, Span<byte> target)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(target[(i * sizeof(int))..], ids[i]);
        }
    }
}
