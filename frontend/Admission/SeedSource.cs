using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Seeds for sampled requests that name none. They must not be guessable: a seed tells the choices of another's answer.</summary>
internal sealed class SeedSource
{
    // a client that counts in doubles can send back the seed that an answer's evidence names
    private const ulong ExactInDoubles = (1UL << 53) - 1;

    public ulong Next()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) & ExactInDoubles;
    }
}
