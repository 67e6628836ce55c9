namespace Grpc.Core;

/// <summary>How one message is written.</summary>
[Flags]
public enum WriteFlags
{
    /// <summary>More follows at once: the message may wait in the buffer.</summary>
    BufferHint = 1,

    /// <summary>Send it uncompressed. This library never compresses what it sends.</summary>
    NoCompress = 2,
}

/// <summary>How the next messages are written.</summary>
public class WriteOptions(WriteFlags flags = default)
{
    public static readonly WriteOptions Default = new();

    public WriteFlags Flags { get; } = flags;
}
