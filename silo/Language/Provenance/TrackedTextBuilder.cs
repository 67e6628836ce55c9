using System.Text;

namespace DeepSeekOrleans.Language.Provenance;

/// <summary>Puts tracked texts together.</summary>
internal sealed class TrackedTextBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<TextSpan> _trusted = [];

    public int Length => _text.Length;

    public void Append(TrackedText text) => Append(text, 0, text.Length);

    /// <summary>Appends a part of a text.</summary>
    public void Append(TrackedText text, int start, int length)
    {
        int offset = _text.Length;
        foreach (TextSpan span in text.ClipSpans(start, length))
        {
            Trust(offset + span.Start, span.Length);
        }

        _text.Append(text.Text, start, length);
    }

    public void Append(ReadOnlySpan<char> text, bool trusted)
    {
        if (trusted)
        {
            Trust(_text.Length, text.Length);
        }

        _text.Append(text);
    }

    public void AppendUntrusted(ReadOnlySpan<char> text) => Append(text, trusted: false);

    public TrackedText Build() => new(_text.ToString(), [.. _trusted]);

    private void Trust(int start, int length)
    {
        if (length == 0)
        {
            return;
        }

        if (_trusted.Count > 0 && _trusted[^1].End == start)
        {
            _trusted[^1] = _trusted[^1] with { Length = _trusted[^1].Length + length };
        }
        else
        {
            _trusted.Add(new TextSpan(start, length));
        }
    }
}
