using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Sessions;

/// <summary>How a conversation is written for the store.</summary>
internal static class ConversationFormat
{
    /// <summary>Goes up with every change of the layout; values of another schema are not read.</summary>
    public const ushort Schema = 1;

    public static byte[] Write(Conversation conversation)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(conversation.CreatedAt);
        writer.Write(conversation.Metadata.Count);
        foreach ((string name, string value) in conversation.Metadata)
        {
            writer.Write(name);
            writer.Write(value);
        }

        Write(writer, conversation.Opening);
        writer.Write(conversation.Turns.Length);
        foreach (ConversationTurn turn in conversation.Turns)
        {
            writer.Write(turn.Id);
            Write(writer, turn.Messages);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Null for anything that <see cref="Write(Conversation)"/> has not written.</summary>
    public static Conversation? TryRead(ReadOnlyMemory<byte> content)
    {
        var bytes = new MemoryStream(content.ToArray(), writable: false);
        using var reader = new BinaryReader(bytes);
        try
        {
            var conversation = new Conversation
            {
                CreatedAt = reader.ReadInt64(),
                Metadata = new(ReadMany(reader, () => KeyValuePair.Create(reader.ReadString(), reader.ReadString()))),
                Opening = ReadMany(reader, () => ReadMessage(reader)),
                Turns = ReadMany(reader, () => new ConversationTurn(reader.ReadString(), ReadMany(reader, () => ReadMessage(reader)))),
            };
            return bytes.Position == bytes.Length ? conversation : null;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static void Write(BinaryWriter writer, ConversationMessage[] messages)
    {
        writer.Write(messages.Length);
        foreach (ConversationMessage message in messages)
        {
            writer.Write(message.Role);
            writer.Write(message.Content);
        }
    }

    private static ConversationMessage ReadMessage(BinaryReader reader) => new(reader.ReadString(), reader.ReadString());

    private static T[] ReadMany<T>(BinaryReader reader, Func<T> read)
    {
        int count = reader.ReadInt32();

        // each takes a byte at least, so that no number makes us allocate more than there is
        if (count < 0 || count > reader.BaseStream.Length - reader.BaseStream.Position)
        {
            throw new FormatException($"{count} entries cannot follow");
        }

        var all = new T[count];
        for (int i = 0; i < count; i++)
        {
            all[i] = read();
        }

        return all;
    }
}
