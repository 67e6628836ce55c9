using System.Text.Json;

namespace DeepSeekOrleans.Robustness.Histories;

/// <summary>Writes what the clients and the rig see, a JSON line for each event, in the order in which it was seen.</summary>
internal sealed class HistoryWriter(string path) : IAsyncDisposable
{
    private readonly long _begin = TimeProvider.System.GetTimestamp();

    // keeps lines whole and in order of time
    private readonly Lock _line = new();
    private readonly StreamWriter _file = new(path);

    public string Path => path;

    /// <summary>Milliseconds since the run began.</summary>
    public double Now => TimeProvider.System.GetElapsedTime(_begin).TotalMilliseconds;

    /// <returns>The event's time.</returns>
    public double Write(EventKind kind, Func<HistoryEvent, HistoryEvent> fill)
    {
        lock (_line)
        {
            HistoryEvent told = fill(new HistoryEvent(Now, kind));
            _file.WriteLine(JsonSerializer.Serialize(told, HistoryContext.Default.HistoryEvent));
            return told.At;
        }
    }

    /// <summary>Nothing is written any more, and the file can be read.</summary>
    public Task CloseAsync() => _file.DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
