using System.Text;

namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>
/// The value of grpc-message: UTF-8, with every byte percent-encoded that is not printable ASCII or is the percent sign
/// ("Percent-Encoded" in PROTOCOL-HTTP2.md).
/// </summary>
internal static class StatusMessage
{
    public static string Encode(string text)
    {
        if (text.All(IsPlain))
        {
            return text;
        }

        StringBuilder encoded = new(text.Length * 2);
        foreach (byte unit in Encoding.UTF8.GetBytes(text))
        {
            if (IsPlain((char)unit))
            {
                encoded.Append((char)unit);
            }
            else
            {
                encoded.Append('%').Append(unit.ToString("X2", null));
            }
        }

        return encoded.ToString();
    }

    /// <summary>A malformed sequence stays as it is: the message is for people and must not be lost.</summary>
    public static string Decode(string encoded) => Uri.UnescapeDataString(encoded);

    private static bool IsPlain(char c) => c is >= ' ' and <= '~' and not '%';
}
