using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DeepSeekOrleans.Language;

/// <summary>
/// Names the prefixes of token sequences, for routing: frontends name those of a prompt, engines those that they hold. Each block of
/// tokens is hashed together with the hash of what stands before it (SHA-256), from a seed that holds the tenant: equal names mean
/// equal prefixes of one tenant, and no tenant can make another's. A router serves one model, so the model is not part of a name.
/// </summary>
public static class PrefixChain
{
    /// <summary>Tokens in a block where nothing else is said: less than the shortest prefix that is worth a detour.</summary>
    public const int BlockTokens = 64;

    /// <summary>One name per whole block: entry i names the first 64 * (i + 1) tokens.</summary>
    public static ulong[] Compute(string tenant, ReadOnlySpan<int> ids)
    {
        ulong[] names = new ulong[ids.Length / BlockTokens];
        Write(tenant, ids, BlockTokens, names);
        return names;
    }

    /// <summary>Writes the names of the first blocks, as many as <paramref name="names"/> has entries.</summary>
    /// <param name="ids">At least <paramref name="blockTokens"/> tokens for each name.</param>
    /// <param name="blockTokens">1 to 1,024.</param>
    public static void Write(string tenant, ReadOnlySpan<int> ids, int blockTokens, Span<ulong> names)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockTokens, 1024);
        Span<byte> input = stackalloc byte[SHA256.HashSizeInBytes + (blockTokens * sizeof(int))];
        Span<byte> state = input[..SHA256.HashSizeInBytes];
        Span<byte> block = input[SHA256.HashSizeInBytes..];
        KeyedHash.Seed("prefix"u8, tenant, state);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < names.Length; i++)
        {
            KeyedHash.WriteTokens(ids.Slice(i * blockTokens, blockTokens), block);
            SHA256.HashData(input, digest);
            digest.CopyTo(state);
            names[i] = BinaryPrimitives.ReadUInt64LittleEndian(state);
        }
    }
}
