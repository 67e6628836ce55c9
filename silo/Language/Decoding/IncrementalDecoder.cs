using System.Text;
using DeepSeekOrleans.Language.Decoding;

namespace DeepSeekOrleans.Language;

/// <summary>
/// Turns tokens into text as they come. A character whose bytes are spread over several tokens is held back until it is whole, so
/// every returned piece is valid text, and all pieces together, <see cref="Flush"/> included, are what
/// <see cref="Tokenizer.Decode"/> gives for all ids. Bytes that can never become a character come out as U+FFFD. One per stream;
/// not for several threads.
/// </summary>
public sealed class IncrementalDecoder
{
    private readonly TokenBytes _tokens;
    private readonly Func<int, bool> _isSkipped;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private int _leadingSpaces;

    internal IncrementalDecoder(TokenBytes tokens, int leadingSpaces, Func<int, bool> isSkipped)
    {
        _tokens = tokens;
        _leadingSpaces = leadingSpaces;
        _isSkipped = isSkipped;
    }

    /// <summary>The text that this token completes; often empty. An id that is no token adds nothing.</summary>
    public string Append(int id) => _isSkipped(id) ? "" : Convert(_tokens.Of(id), flush: false);

    /// <summary>What is held back: U+FFFD for a character that was never completed. After it a new text begins.</summary>
    public string Flush() => Convert(default, flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        // a pending character adds at most one unit to one unit per byte
        Span<char> units = bytes.Length < 255 ? stackalloc char[256] : new char[bytes.Length + 2];
        int count = _utf8.GetChars(bytes, units, flush);
        return count == 0 ? "" : WithoutLeadingSpaces(units[..count]).ToString();
    }

    private ReadOnlySpan<char> WithoutLeadingSpaces(ReadOnlySpan<char> text)
    {
        while (_leadingSpaces > 0 && text.StartsWith(' '))
        {
            text = text[1..];
            _leadingSpaces--;
        }

        _leadingSpaces = 0;
        return text;
    }
}
