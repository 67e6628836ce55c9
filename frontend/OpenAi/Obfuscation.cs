using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>
/// Fills events up to a few sizes: who sees only the lengths of encrypted records must not be able to tell tokens by them.
/// </summary>
internal static class Obfuscation
{
    private const int SmallestSize = 64;
    private const int Step = 4;
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>Random letters, as many as bring the text, as it stands in JSON, to 64, 256, 1024... bytes.</summary>
    public static string For(string text)
    {
        int written = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.Length;
        int size = SmallestSize;
        while (size < written)
        {
            size *= Step;
        }

        return RandomNumberGenerator.GetString(Letters, size - written);
    }
}
