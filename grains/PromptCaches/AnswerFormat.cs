using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.PromptCaches;

/// <summary>How an answer is written for the store.</summary>
internal static class AnswerFormat
{
    /// <summary>Goes up with every change of the layout; values of another schema are not read.</summary>
    public const ushort Schema = 1;

    public static byte[] Write(CachedResponse response)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((byte)response.Finish);
        writer.Write(response.TokenIds.Length);
        Array.ForEach(response.TokenIds, writer.Write);
        writer.Write(response.Facts is not null);
        if (response.Facts is { } facts)
        {
            writer.Write(facts.CachedTokens);
            writer.Write(facts.ModelVersion);
            writer.Write(facts.Precision);
            writer.Write(facts.Provider);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Null for anything that <see cref="Write"/> has not written.</summary>
    public static CachedResponse? TryRead(ReadOnlyMemory<byte> content)
    {
        var bytes = new MemoryStream(content.ToArray(), writable: false);
        using var reader = new BinaryReader(bytes);
        try
        {
            var finish = (StreamFinish)reader.ReadByte();
            int count = reader.ReadInt32();
            if (finish is not (StreamFinish.Stop or StreamFinish.Length) || count < 0 || count > (bytes.Length - bytes.Position) / sizeof(int))
            {
                return null;
            }

            int[] ids = new int[count];
            for (int i = 0; i < count; i++)
            {
                ids[i] = reader.ReadInt32();
            }

            StreamFacts? facts = reader.ReadBoolean()
                ? new StreamFacts(reader.ReadInt32(), reader.ReadString(), reader.ReadString(), reader.ReadString())
                : null;
            return bytes.Position == bytes.Length ? new CachedResponse(ids, finish, facts) : null;
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            return null;
        }
    }
}
