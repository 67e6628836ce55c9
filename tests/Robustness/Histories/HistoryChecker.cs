namespace DeepSeekOrleans.Robustness.Histories;

/// <summary>What a history shows, all requests taken together.</summary>
internal sealed record HistorySummary
{
    public required IReadOnlyDictionary<Outcome, int> Outcomes { get; init; }

    /// <summary>A line for each answer that was complete and yet not as undisturbed, or charged otherwise.</summary>
    public required IReadOnlyList<string> WrongAnswers { get; init; }

    /// <summary>Requests that failed or whose end nobody knows.</summary>
    public required IReadOnlyList<RequestHistory> Broken { get; init; }

    /// <summary>A line for each broken request whose text so far is not how the undisturbed one begins.</summary>
    public required IReadOnlyList<string> WrongBeginnings { get; init; }

    /// <summary>Requests that the history leaves open.</summary>
    public required int Unended { get; init; }

    public required int Moved { get; init; }

    /// <summary>Complete answers per second of the load.</summary>
    public required double Rate { get; init; }

    /// <summary>Milliseconds from the fault to the next token, for each answer that moved.</summary>
    public required IReadOnlyList<double> Gaps { get; init; }

    /// <summary>A line for each of <see cref="Broken"/>.</summary>
    public IReadOnlyList<string> BrokenRequests => [.. Broken.Select(HistoryChecker.Describe)];

    public int Count(Outcome outcome) => Outcomes.GetValueOrDefault(outcome);
}

/// <summary>Judges a history by nothing but the file.</summary>
internal static class HistoryChecker
{
    public static HistorySummary Check(History history)
    {
        List<string> wrong = [];
        List<RequestHistory> broken = [];
        List<string> beginnings = [];
        foreach (RequestHistory request in history.Requests.Values.Where(request => request.End is not null))
        {
            ExpectedAnswer expected = history.Expected[request.Prompt];
            switch (request.End!.Outcome)
            {
                case Outcome.Complete when Wrong(request, expected) is { } difference:
                    wrong.Add($"{Name(request)} {difference}");
                    break;
                case Outcome.Failed or Outcome.Unknown:
                    broken.Add(request);
                    beginnings.AddRange(WrongBeginning(request, expected));
                    break;
            }
        }

        double seconds = (history.End - history.Begin) / 1000;
        RequestHistory[] ended = [.. history.Requests.Values.Where(request => request.End is not null)];
        return new HistorySummary
        {
            Outcomes = ended.CountBy(request => request.End!.Outcome!.Value).ToDictionary(),
            WrongAnswers = wrong,
            Broken = broken,
            WrongBeginnings = beginnings,
            Unended = history.Requests.Count - ended.Length,
            Moved = ended.Count(request => request.Moves > 0),
            Rate = seconds > 0 ? ended.Count(request => request.End!.Outcome == Outcome.Complete) / seconds : 0,
            Gaps = MovedGaps.Of(history),
        };
    }

    public static string Describe(RequestHistory request) =>
        $"{Name(request)} after {request.Text.Length} characters, {request.Moves} moves: {request.End?.Outcome}, {request.End?.Detail}";

    private static string Name(RequestHistory request) => $"request {request.Number} ({request.Id ?? "unnamed"}, prompt {request.Prompt})";

    private static string? Wrong(RequestHistory request, ExpectedAnswer expected) =>
        TextDifference.Describe(expected.Text, request.Text)
        ?? (request.End!.Detail != expected.Finish ? $"ended with '{request.End.Detail}' for '{expected.Finish}'" : null)
        ?? (request.End.Tokens != expected.Tokens ? $"was charged {request.End.Tokens} tokens for {expected.Tokens}" : null);

    private static IEnumerable<string> WrongBeginning(RequestHistory request, ExpectedAnswer expected)
    {
        if (!expected.Text.StartsWith(request.Text, StringComparison.Ordinal))
        {
            yield return $"{Name(request)} {TextDifference.Describe(expected.Text, request.Text)}";
        }
    }
}
