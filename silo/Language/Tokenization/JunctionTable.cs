namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// Which two bytes can stand next to each other inside a token. Where two cannot, no merge ever crosses, so a long word may be cut
/// there and its parts merged one by one, each in the cache: a megabyte of random letters takes half the time.
/// </summary>
internal sealed class JunctionTable
{
    private const short Unknown = -1;
    private readonly bool[] _joins = new bool[256 * 256];

    /// <summary>Builds the table from a byte-level model; null when its merges are in no order that shows the bytes of their parts.</summary>
    /// <param name="byteIds">The token of each byte, or -1.</param>
    public static JunctionTable? TryBuild(MergeTable merges, ReadOnlySpan<int> byteIds, int idLimit)
    {
        short[] first = new short[idLimit];
        Array.Fill(first, Unknown);
        for (int value = 0; value < byteIds.Length; value++)
        {
            if (byteIds[value] >= 0)
            {
                first[byteIds[value]] = (short)value;
            }
        }

        short[] last = [.. first];
        JunctionTable table = new();
        for (int rank = 0; rank < merges.Count; rank++)
        {
            Merge merge = merges[rank];
            if (merge.Result < 0)
            {
                continue;
            }

            if (last[merge.Left] == Unknown || first[merge.Right] == Unknown)
            {
                return null;
            }

            table._joins[(last[merge.Left] * 256) + first[merge.Right]] = true;
            first[merge.Result] = first[merge.Left];
            last[merge.Result] = last[merge.Right];
        }

        return table;
    }

    /// <summary>The length of the beginning of <paramref name="bytes"/> that no merge can leave.</summary>
    public int FirstRun(ReadOnlySpan<byte> bytes)
    {
        int end = 1;
        while (end < bytes.Length && _joins[(bytes[end - 1] * 256) + bytes[end]])
        {
            end++;
        }

        return end;
    }
}
