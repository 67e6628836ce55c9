namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>
/// The value of a "-bin" header: base64, padded or not, and several values of one key may be joined by commas
/// ("Custom-Metadata" in PROTOCOL-HTTP2.md).
/// </summary>
internal static class BinaryHeader
{
    public static string Encode(byte[] value) => Convert.ToBase64String(value);

    /// <exception cref="FormatException">A part is not base64.</exception>
    public static IEnumerable<byte[]> Decode(string header)
    {
        foreach (string part in header.Split(',', StringSplitOptions.TrimEntries))
        {
            string unpadded = part.TrimEnd('=');
            yield return Convert.FromBase64String(unpadded.PadRight((unpadded.Length + 3) / 4 * 4, '='));
        }
    }
}
