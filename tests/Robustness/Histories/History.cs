using System.Text.Json;

namespace DeepSeekOrleans.Robustness.Histories;

/// <summary>A request as its client saw it.</summary>
internal sealed record RequestHistory(int Number, int Prompt, double SentAt, string Frontend)
{
    public string? Id { get; set; }

    public List<HistoryEvent> Chunks { get; } = [];

    /// <summary>Null when the history ends before the request does.</summary>
    public HistoryEvent? End { get; set; }

    public int Moves { get; set; }

    public string Text => string.Concat(Chunks.Select(chunk => chunk.Text));
}

internal sealed record ExpectedAnswer(string Text, string Finish, int Tokens);

/// <summary>A history file, read back and sorted by request.</summary>
internal sealed class History
{
    private History()
    {
    }

    public SortedDictionary<int, RequestHistory> Requests { get; } = [];

    public Dictionary<int, ExpectedAnswer> Expected { get; } = [];

    public List<HistoryEvent> Faults { get; } = [];

    public List<HistoryEvent> Healings { get; } = [];

    /// <summary>When the first request was sent.</summary>
    public double Begin { get; private set; }

    /// <summary>When the rig sent no more requests.</summary>
    public double End { get; private set; }

    public static History Read(string path)
    {
        History history = new();
        Dictionary<string, RequestHistory> named = [];
        foreach (string line in File.ReadLines(path))
        {
            history.Add(JsonSerializer.Deserialize(line, HistoryContext.Default.HistoryEvent)!, named);
        }

        history.Begin = history.Requests.Values.Select(request => request.SentAt).DefaultIfEmpty(0).First();
        return history;
    }

    private void Add(HistoryEvent told, Dictionary<string, RequestHistory> named)
    {
        switch (told.Kind)
        {
            case EventKind.Expected:
                Expected[told.Prompt!.Value] = new ExpectedAnswer(told.Text!, told.Detail!, told.Tokens!.Value);
                break;
            case EventKind.Sent:
                Requests[told.Request!.Value] = new RequestHistory(told.Request.Value, told.Prompt!.Value, told.At, told.Where!);
                break;
            case EventKind.Opened:
                RequestHistory opened = Requests[told.Request!.Value];
                opened.Id = told.Id;
                named[told.Id!] = opened;
                break;
            case EventKind.Chunk:
                Requests[told.Request!.Value].Chunks.Add(told);
                break;
            case EventKind.Ended:
                Requests[told.Request!.Value].End = told;
                break;
            case EventKind.Moved when named.TryGetValue(told.Id!, out RequestHistory? moved):
                moved.Moves++;
                break;
            case EventKind.Fault:
                Faults.Add(told);
                break;
            case EventKind.Healed:
                Healings.Add(told);
                break;
            case EventKind.Closing:
                End = told.At;
                break;
        }
    }
}
