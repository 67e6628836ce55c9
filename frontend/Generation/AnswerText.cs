using System.Text;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// Turns the tokens of one answer into its text: whole characters only, nothing of a stop string, reasoning apart from content.
/// </summary>
internal sealed class AnswerText
{
    private readonly IncrementalDecoder _decoder;
    private readonly StopStringMatcher _stops;
    private readonly ReasoningSplitter? _splitter;
    private readonly StringBuilder _reasoning = new();
    private readonly StringBuilder _content = new();
    private bool _inReasoning;
    private int _unattributed;

    /// <param name="startsInReasoning">The prompt ends inside an open think tag; null leaves think tags in the content.</param>
    public AnswerText(Tokenizer tokenizer, IReadOnlyList<string> stopStrings, bool? startsInReasoning)
    {
        _decoder = tokenizer.CreateDecoder();
        _stops = new StopStringMatcher(stopStrings);
        _splitter = startsInReasoning is { } inside ? new ReasoningSplitter(inside) : null;
        _inReasoning = startsInReasoning == true;
    }

    /// <summary>A stop string has been found: the text is complete.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Tokens whose text went into the reasoning.</summary>
    public int ReasoningTokens { get; private set; }

    public void Append(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if (IsStopped)
            {
                return;
            }

            _unattributed++;
            AppendText(_decoder.Append(id));
        }
    }

    /// <summary>Gives out what was held back as the possible beginning of a character, a stop string or a tag.</summary>
    public void End()
    {
        if (!IsStopped)
        {
            AppendText(_decoder.Flush());
        }

        if (!IsStopped)
        {
            Split(_stops.Flush());
        }

        if (_splitter?.Flush() is { } rest)
        {
            Add(rest.Reasoning, rest.Content);
        }

        Attribute();
    }

    /// <summary>The text since the last call.</summary>
    public TextDelta Take()
    {
        var delta = new TextDelta(_reasoning.ToString(), _content.ToString());
        _reasoning.Clear();
        _content.Clear();
        return delta;
    }

    private void AppendText(string text)
    {
        StopMatch match = _stops.Append(text);
        IsStopped = match.Stopped;
        Split(match.Text);
    }

    private void Split(string text)
    {
        if (_splitter is null)
        {
            _content.Append(text);
        }
        else if (text.Length > 0)
        {
            ReasoningDelta delta = _splitter.Append(text);
            Add(delta.Reasoning, delta.Content);
        }
    }

    private void Add(string reasoning, string content)
    {
        _reasoning.Append(reasoning);
        _content.Append(content);
        if (reasoning.Length > 0 || content.Length > 0)
        {
            _inReasoning = content.Length == 0;
            Attribute();
        }
    }

    // a token whose text is held back counts where the text goes that comes next
    private void Attribute()
    {
        ReasoningTokens += _inReasoning ? _unattributed : 0;
        _unattributed = 0;
    }
}

/// <summary>New text of an answer; both parts may be empty.</summary>
internal readonly record struct TextDelta(string Reasoning, string Content)
{
    public static TextDelta Empty { get; } = new("", "");

    public bool IsEmpty => Reasoning.Length == 0 && Content.Length == 0;
}
