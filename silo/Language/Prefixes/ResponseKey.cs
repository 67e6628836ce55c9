using System.Security.Cryptography;

namespace DeepSeekOrleans.Language;

/// <summary>Names an answer: same tenant, model, prompt and parameters, same name.</summary>
public static class ResponseKey
{
    /// <summary>SHA-256 of everything that determines a deterministic answer, as 64 lower-case hexadecimal digits.</summary>
    /// <param name="parameters">The sampling parameters in a form of the caller's, always the same for the same parameters.</param>
    public static string Compute(string tenant, string model, ReadOnlySpan<int> promptIds, ReadOnlySpan<byte> parameters)
    {
        byte[] prompt = new byte[promptIds.Length * sizeof(int)];
        KeyedHash.WriteTokens(promptIds, prompt);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        KeyedHash.Append(hash, "response");
        KeyedHash.Append(hash, tenant);
        KeyedHash.Append(hash, model);
        KeyedHash.Append(hash, prompt);
        KeyedHash.Append(hash, parameters);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
