using System.Globalization;
using System.Text;

namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>Reads the words inside a tag.</summary>
/// <param name="maxOpen">The most brackets that may be open at once.</param>
internal sealed class WordReader(string source, int maxOpen)
{
    private static readonly string[] Operators =
        ["**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";"];

    private int _countedTo;
    private int _line = 1;

    /// <summary>The line of a position; positions are asked for in ascending order, or near it.</summary>
    public int LineOf(int at)
    {
        if (at > _countedTo)
        {
            _line += source.AsSpan(_countedTo, at - _countedTo).Count('\n');
            _countedTo = at;
        }

        return _line;
    }

    public TemplateSyntaxException Error(int at, string message) => new(LineOf(at), message);

    /// <summary>Reads up to the end mark of the tag; returns the position behind it.</summary>
    /// <param name="sign">The "-" or "+" before the end mark, or a space.</param>
    public int Read(int at, string endMark, List<Token> tokens, out char sign)
    {
        int open = 0;
        while (true)
        {
            while (at < source.Length && char.IsWhiteSpace(source[at]))
            {
                at++;
            }

            if (at >= source.Length)
            {
                throw Error(at, "a tag is not closed");
            }

            // inside brackets "}}" closes two of them
            if (open == 0 && TryReadEnd(at, endMark, out int end, out sign))
            {
                return end;
            }

            Token token = ReadWord(ref at);
            open += token.Kind != TokenKind.Operator ? 0 : token.Text switch
            {
                "(" or "[" or "{" => 1,
                ")" or "]" or "}" => -1,
                _ => 0,
            };
            if (open < 0 || open > maxOpen)
            {
                throw Error(at, open < 0 ? $"'{token.Text}' closes nothing" : $"more than {maxOpen} brackets are open");
            }

            tokens.Add(token);
        }
    }

    private bool TryReadEnd(int at, string endMark, out int end, out char sign)
    {
        sign = source[at] is '-' or '+' ? source[at] : ' ';
        int mark = sign == ' ' ? at : at + 1;
        end = mark + endMark.Length;
        return string.CompareOrdinal(source, mark, endMark, 0, endMark.Length) == 0;
    }

    private Token ReadWord(ref int at)
    {
        int start = at;
        char first = source[at];
        if (char.IsAsciiLetter(first) || first == '_')
        {
            while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] == '_'))
            {
                at++;
            }

            return new Token(TokenKind.Name, source[start..at], LineOf(start));
        }

        if (char.IsAsciiDigit(first))
        {
            return ReadNumber(ref at);
        }

        if (first is '\'' or '"')
        {
            return ReadString(ref at);
        }

        foreach (string word in Operators)
        {
            if (string.CompareOrdinal(source, at, word, 0, word.Length) == 0)
            {
                at += word.Length;
                return new Token(TokenKind.Operator, word, LineOf(start));
            }
        }

        throw Error(at, $"'{first}' is not understood");
    }

    private Token ReadNumber(ref int at)
    {
        int start = at;
        SkipDigits(ref at);
        bool isFloat = false;
        if (at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            isFloat = true;
            at++;
            SkipDigits(ref at);
        }

        int exponent = at + 1;
        if (at < source.Length && source[at] is 'e' or 'E')
        {
            exponent += exponent < source.Length && source[exponent] is '+' or '-' ? 1 : 0;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                isFloat = true;
                at = exponent;
                SkipDigits(ref at);
            }
        }

        string digits = source[start..at].Replace("_", "", StringComparison.Ordinal);
        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, digits, LineOf(start));
    }

    private void SkipDigits(ref int at)
    {
        while (at < source.Length && (char.IsAsciiDigit(source[at]) || source[at] == '_'))
        {
            at++;
        }
    }

    private Token ReadString(ref int at)
    {
        int start = at;
        char quote = source[at++];
        StringBuilder text = new();
        while (at < source.Length && source[at] != quote)
        {
            if (source[at] == '\\' && at + 1 < source.Length)
            {
                ReadEscape(ref at, text);
            }
            else
            {
                text.Append(source[at++]);
            }
        }

        return at++ < source.Length
            ? new Token(TokenKind.String, text.ToString(), LineOf(start))
            : throw Error(start, "a string is not closed");
    }

    // the escapes of a Python string literal
    private void ReadEscape(ref int at, StringBuilder text)
    {
        char kind = source[at + 1];
        at += 2;
        const string Simple = "n\nt\tr\r\\\\'\'\"\"a\ab\bf\fv\v";
        int simple = IndexOfEscape(Simple, kind);
        if (simple >= 0)
        {
            text.Append(Simple[simple + 1]);
        }
        else if (kind is 'x' or 'u' or 'U')
        {
            AppendCode(ref at, kind switch { 'x' => 2, 'u' => 4, _ => 8 }, text);
        }
        else if (kind != '\n')
        {
            text.Append('\\').Append(kind);
        }
    }

    private static int IndexOfEscape(string pairs, char kind)
    {
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i] == kind)
            {
                return i;
            }
        }

        return -1;
    }

    private void AppendCode(ref int at, int digits, StringBuilder text)
    {
        if (at + digits > source.Length
            || !int.TryParse(source.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            || !Rune.IsValid(code))
        {
            throw Error(at, "an escape names no character");
        }

        text.Append(new Rune(code).ToString());
        at += digits;
    }
}
