using System.Threading.Channels;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>One reader's place in a <see cref="TokenLog"/>.</summary>
internal sealed class LogReader(TokenLog log)
{
    // at most one signal: a reader takes everything there is, so a second one says nothing new
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
    });

    /// <summary>The position of the next token to read; this and the next two belong to the log's lock.</summary>
    public int Next { get; set; }

    /// <summary>From here on unread tokens count.</summary>
    public int CountsFrom { get; set; }

    /// <summary>It has read too slowly.</summary>
    public bool IsCut { get; set; }

    /// <summary>Waits until there is something to read, an end, or a sign of life.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _signal.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes what has come since the last call; nothing when it was a sign of life.</summary>
    public LogState Take(List<int> unread) => log.Take(this, unread);

    public bool Leave() => log.Leave(this);

    public void Wake() => _signal.Writer.TryWrite(true);

    public void Rest() => _signal.Reader.TryRead(out _);
}
