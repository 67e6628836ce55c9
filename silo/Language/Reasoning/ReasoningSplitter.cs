using System.Text;

namespace DeepSeekOrleans.Language;

/// <summary>One more piece of a model's output, sorted into its thought and its answer; either may be empty.</summary>
public readonly record struct ReasoningDelta(string Reasoning, string Content);

/// <summary>
/// Sorts a stream of text into thought and answer at <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>. The tags and the line ends right
/// behind them belong to neither. Text that may be the beginning of a tag is held back. One per stream; not for several threads.
/// </summary>
/// <param name="startsInside">The prompt ended inside a thought (<see cref="RenderedPrompt.StartsInsideThinking"/>).</param>
public sealed class ReasoningSplitter(bool startsInside)
{
    private const string Opening = "<think>";
    private const string Closing = "</think>";
    private bool _inside = startsInside;
    private bool _afterTag;
    private string _held = "";

    /// <summary>Takes the next piece of text.</summary>
    public ReasoningDelta Append(string delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        StringBuilder reasoning = new();
        StringBuilder content = new();
        ReadOnlySpan<char> rest = _held + delta;
        while (NextTag(rest, out bool opening) is int at and >= 0)
        {
            Emit(rest[..at], reasoning, content);
            rest = rest[(at + (opening ? Opening : Closing).Length)..];
            _inside = opening;
            _afterTag = true;
        }

        int held = PossibleTag(rest);
        Emit(rest[..^held], reasoning, content);
        _held = rest[^held..].ToString();
        return new ReasoningDelta(reasoning.ToString(), content.ToString());
    }

    /// <summary>At the end of the stream: the text that was held back.</summary>
    public ReasoningDelta Flush()
    {
        StringBuilder reasoning = new();
        StringBuilder content = new();
        Emit(_held, reasoning, content);
        _held = "";
        return new ReasoningDelta(reasoning.ToString(), content.ToString());
    }

    private static int NextTag(ReadOnlySpan<char> text, out bool opening)
    {
        int open = text.IndexOf(Opening);
        int close = text.IndexOf(Closing);
        opening = open >= 0 && (close < 0 || open < close);
        return opening ? open : close;
    }

    private static int PossibleTag(ReadOnlySpan<char> text)
    {
        int start = text.LastIndexOf('<');
        if (start < 0)
        {
            return 0;
        }

        ReadOnlySpan<char> end = text[start..];
        return Opening.AsSpan().StartsWith(end) || Closing.AsSpan().StartsWith(end) ? end.Length : 0;
    }

    private void Emit(ReadOnlySpan<char> text, StringBuilder reasoning, StringBuilder content)
    {
        if (_afterTag)
        {
            text = text.TrimStart("\r\n");
            _afterTag = text.IsEmpty;
        }

        (_inside ? reasoning : content).Append(text);
    }
}
