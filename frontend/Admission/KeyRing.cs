using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Knows the accepted keys by their hashes.</summary>
internal sealed class KeyRing
{
    // longer than any key that is handed out; bounds the hashing that a stranger can cause
    private const int MaxKeyLength = 512;
    private const string Scheme = "Bearer ";

    private readonly (byte[] Hash, Principal Principal)[] _keys;

    public KeyRing(IOptions<AdmissionOptions> options) =>
        _keys = [.. options.Value.Keys.Select(key => (Convert.FromHexString(key.Sha256), new Principal(new TenantName(key.Tenant))))];

    /// <summary>Finds the sender of a request by its <c>Authorization</c> header; null when the key is missing or unknown.</summary>
    public Principal? Find(string? authorization)
    {
        if (_keys.Length == 0)
        {
            return Principal.Local;
        }

        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        ReadOnlySpan<char> key = authorization.AsSpan(Scheme.Length).Trim();
        return key.Length is 0 or > MaxKeyLength ? null : FindByHash(key);
    }

    private Principal? FindByHash(ReadOnlySpan<char> key)
    {
        Span<byte> bytes = stackalloc byte[MaxKeyLength * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(key, bytes)], hash);

        // all keys are compared, each in fixed time: neither a hit nor its place shows in the duration
        Principal? found = null;
        foreach ((byte[] known, Principal principal) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, hash))
            {
                found = principal;
            }
        }

        return found;
    }
}
