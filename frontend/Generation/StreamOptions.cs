using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>How long a stream waits, and how much it holds.</summary>
public sealed class StreamOptions
{
    public const string Section = "Streams";

    /// <summary>Silence of a worker after which its streams are lost; workers send a beat at least every 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:01:00")]
    public TimeSpan BeatTimeout { get; set; } = TimeSpan.FromMilliseconds(750);

    /// <summary>
    /// The same once a connection with a silo has closed, as all do when its process ends: workers that have not spoken since then may have
    /// gone with it. Streams that have brought a token are doubted so soon, because they may come back; the others wait for
    /// <see cref="BeatTimeout"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.25", "00:01:00")]
    public TimeSpan BeatTimeoutAfterLoss { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Tokens that a stream's reader may be behind before the stream is cut: a slow reader may not grow the heap.</summary>
    [Range(16, 65_536)]
    public int MaxUnreadTokens { get; set; } = 256;

    /// <summary>Streams open at once in this frontend; one more is refused as busy.</summary>
    [Range(1, 65_536)]
    public int MaxOpenStreams { get; set; } = 4096;

    /// <summary>How often a stream without tokens sends a sign of life, so that proxies keep the connection.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one write may wait for a client that does not read.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Workers that one request is offered to before it is refused.</summary>
    [Range(1, 10)]
    public int MaxStarts { get; set; } = 3;

    /// <summary>Workers that may be lost under one request, each before it had brought the answer a good way, before it is given up.</summary>
    [Range(1, 10)]
    public int MaxWorkersLost { get; set; } = 2;

    /// <summary>How often one answer may go on elsewhere; 0 ends it with its first worker.</summary>
    [Range(0, 1000)]
    public int MaxMoves { get; set; } = 16;

    /// <summary>How long an answer that has lost its worker asks for another one.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan MoveTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause between two such questions.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:10")]
    public TimeSpan MoveRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a new request asks again, when a call on its way to a worker is not answered.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one such call may take, more with each that was in vain: it may sit in a gateway that has frozen.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan OpenCallTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The same for a moving answer: the silo that is asked may have just died.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan MoveCallTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What a refused client is told to wait when the router names no time.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);
}
