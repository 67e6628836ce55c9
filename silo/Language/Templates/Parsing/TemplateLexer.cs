namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>
/// Cuts a template into words, with the whitespace rules that the Hugging Face libraries set for chat templates: trim_blocks (the
/// line end right behind a block tag goes) and lstrip_blocks (spaces between a line's start and a block tag go); "-" at a tag's
/// edge takes all whitespace on that side, "+" switches the two rules off there.
/// </summary>
internal sealed class TemplateLexer
{
    private const string RawTag = "raw";
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private readonly WordReader _words;
    private int _at;
    private bool _lineStart = true;

    private TemplateLexer(string source, int maxDepth)
    {
        _source = source;
        _words = new WordReader(source, maxDepth);
    }

    public static List<Token> Read(string source, int maxDepth)
    {
        string lines = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        TemplateLexer lexer = new(lines.EndsWith('\n') ? lines[..^1] : lines, maxDepth);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int tag = NextTag(_at);
            if (tag < 0)
            {
                AddData(_source[_at..]);
                break;
            }

            string data = _source[_at..tag];
            char kind = _source[tag + 1];
            char sign = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
            AddData(TrimBefore(data, kind, sign));
            _at = tag + (sign is '-' or '+' ? 3 : 2);
            ReadTag(kind, tag);
        }

        _tokens.Add(new Token(TokenKind.End, "", _words.LineOf(_source.Length)));
    }

    private int NextTag(int from)
    {
        for (int at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private string TrimBefore(string data, char kind, char sign)
    {
        if (sign == '-')
        {
            return data.TrimEnd();
        }

        if (kind == '{' || sign == '+')
        {
            return data;
        }

        int lineStart = data.LastIndexOf('\n') + 1;
        bool onlySpaces = data.AsSpan(lineStart).IsWhiteSpace();
        return (lineStart > 0 || _lineStart) && onlySpaces ? data[..lineStart] : data;
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Data, text, _words.LineOf(_at)));
        }
    }

    private void ReadTag(char kind, int start)
    {
        switch (kind)
        {
            case '#':
                int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
                _at = end >= 0 ? end + 2 : throw _words.Error(start, "a comment is not closed");
                TrimAfter(_source[end - 1], trimsLineEnd: true);
                break;
            case '{':
                _tokens.Add(new Token(TokenKind.OutputBegin, "{{", _words.LineOf(start)));
                _at = _words.Read(_at, "}}", _tokens, out char outputSign);
                _tokens.Add(new Token(TokenKind.OutputEnd, "}}", _words.LineOf(_at)));
                TrimAfter(outputSign, trimsLineEnd: false);
                break;
            default:
                ReadBlock(start);
                break;
        }
    }

    private void ReadBlock(int start)
    {
        int first = _tokens.Count;
        _tokens.Add(new Token(TokenKind.BlockBegin, "{%", _words.LineOf(start)));
        _at = _words.Read(_at, "%}", _tokens, out char sign);
        TrimAfter(sign, trimsLineEnd: true);
        if (_tokens.Count == first + 2 && _tokens[first + 1].IsName(RawTag))
        {
            _tokens.RemoveRange(first, 2);
            ReadRaw(start);
            return;
        }

        _tokens.Add(new Token(TokenKind.BlockEnd, "%}", _words.LineOf(_at)));
    }

    private void ReadRaw(int start)
    {
        for (int tag = _source.IndexOf("{%", _at, StringComparison.Ordinal); tag >= 0; tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> inside = _source.AsSpan(tag + 2);
            char sign = inside.Length > 0 ? inside[0] : '\0';
            int close = inside.IndexOf("%}");
            if (close >= 0 && inside[..close].Trim("-+ \t\n").SequenceEqual("endraw"))
            {
                AddData(TrimBefore(_source[_at..tag], '%', sign));
                _at = tag + 2 + close + 2;
                TrimAfter(inside[close - 1], trimsLineEnd: true);
                return;
            }
        }

        throw _words.Error(start, "a raw block is not closed");
    }

    private void TrimAfter(char sign, bool trimsLineEnd)
    {
        if (sign == '-')
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
            {
                _at++;
            }
        }
        else if (trimsLineEnd && sign != '+' && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }

        _lineStart = _source[_at - 1] == '\n';
    }
}
