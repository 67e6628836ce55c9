namespace DeepSeekOrleans.Language.Decoding;

/// <summary>The bytes of every token, by id, in one array.</summary>
internal sealed class TokenBytes
{
    private readonly byte[] _bytes;
    private readonly int[] _starts;

    private TokenBytes(byte[] bytes, int[] starts)
    {
        _bytes = bytes;
        _starts = starts;
    }

    /// <param name="count">One more than the highest id.</param>
    /// <param name="bytesOf">The bytes of an id; empty when no token has it.</param>
    public static TokenBytes Build(int count, Func<int, byte[]> bytesOf)
    {
        using MemoryStream bytes = new(count * 8);
        int[] starts = new int[count + 1];
        for (int id = 0; id < count; id++)
        {
            bytes.Write(bytesOf(id));
            starts[id + 1] = (int)bytes.Length;
        }

        return new TokenBytes(bytes.ToArray(), starts);
    }

    /// <summary>Empty for an id that is no token.</summary>
    public ReadOnlySpan<byte> Of(int id) =>
        (uint)id < (uint)(_starts.Length - 1) ? _bytes.AsSpan(_starts[id], _starts[id + 1] - _starts[id]) : default;
}
