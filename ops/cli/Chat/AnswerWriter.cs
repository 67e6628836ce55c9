using System.Text;

namespace DeepSeekOrleans.Cli.Chat;

/// <summary>Writes an answer as it comes: the thought dimmed, an empty line, the answer.</summary>
internal sealed class AnswerWriter(TextWriter output, bool colour)
{
    private const string Dim = "\u001b[2m";
    private const string Plain = "\u001b[0m";

    private readonly StringBuilder _content = new();
    private bool _thinking;
    private bool _atLineStart = true;

    /// <summary>The answer without the thought.</summary>
    public string Content => _content.ToString();

    public void Write(AnswerDelta delta)
    {
        if (delta.Reasoning.Length > 0)
        {
            StartThinking();
            WriteText(delta.Reasoning);
        }

        if (delta.Content.Length > 0)
        {
            EndThinking(blankLine: true);
            _content.Append(delta.Content);
            WriteText(delta.Content);
        }

        output.Flush();
    }

    public void End()
    {
        EndThinking(blankLine: false);
        if (!_atLineStart)
        {
            output.WriteLine();
        }

        output.Flush();
    }

    private void StartThinking()
    {
        if (!_thinking)
        {
            _thinking = true;
            output.Write(colour ? Dim : "");
        }
    }

    private void EndThinking(bool blankLine)
    {
        if (!_thinking)
        {
            return;
        }

        _thinking = false;
        output.Write(colour ? Plain : "");
        if (blankLine)
        {
            output.Write(_atLineStart ? "\n" : "\n\n");
        }
    }

    private void WriteText(string text)
    {
        output.Write(text);
        _atLineStart = text[^1] == '\n';
    }
}
