namespace DeepSeekOrleans.Language;

/// <summary>What may be shown after one more piece of text.</summary>
/// <param name="Text">Text that is certain to stand before any stop string; may be empty.</param>
/// <param name="Stopped">A stop string has been completed; nothing follows.</param>
public readonly record struct StopMatch(string Text, bool Stopped);

/// <summary>
/// Watches a stream of text for stop strings. The one that is complete first wins, however the text is cut into pieces; neither it
/// nor what follows is given out. Text that may be the beginning of a stop string is held back. One per stream; not for several threads.
/// </summary>
/// <param name="stops">None of them empty; may be none at all.</param>
public sealed class StopStringMatcher(IReadOnlyList<string> stops)
{
    private readonly string[] _stops = Valid(stops);
    private string _held = "";
    private bool _stopped;

    /// <summary>Takes the next piece of text.</summary>
    public StopMatch Append(string delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        if (_stopped || _stops.Length == 0)
        {
            return new StopMatch(_stopped ? "" : delta, _stopped);
        }

        string text = _held + delta;
        if (FirstComplete(text) is int start and >= 0)
        {
            _stopped = true;
            _held = "";
            return new StopMatch(text[..start], true);
        }

        int safe = text.Length - PossibleBeginning(text);
        _held = text[safe..];
        return new StopMatch(text[..safe], false);
    }

    /// <summary>At the end of the stream: the text that was held back.</summary>
    public string Flush()
    {
        string held = _held;
        _held = "";
        return held;
    }

    private static string[] Valid(IReadOnlyList<string> stops)
    {
        ArgumentNullException.ThrowIfNull(stops);
        return stops.Any(string.IsNullOrEmpty) ? throw new ArgumentException("a stop string is empty", nameof(stops)) : [.. stops];
    }

    /// <summary>Where the stop string begins that ends first (of those, the longest); -1 when none is complete.</summary>
    private int FirstComplete(string text)
    {
        int bestStart = -1;
        int bestEnd = int.MaxValue;
        foreach (string stop in _stops)
        {
            int start = text.IndexOf(stop, StringComparison.Ordinal);
            int end = start + stop.Length;
            if (start >= 0 && (end < bestEnd || (end == bestEnd && start < bestStart)))
            {
                (bestStart, bestEnd) = (start, end);
            }
        }

        return bestStart;
    }

    /// <summary>The length of the longest end of the text with which some stop string begins.</summary>
    private int PossibleBeginning(string text)
    {
        int longest = 0;
        foreach (string stop in _stops)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
