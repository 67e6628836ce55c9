namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>Goes through the words of a template and bounds how deeply its parts are nested.</summary>
internal sealed class TokenReader(List<Token> tokens, int maxDepth)
{
    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    public Token Next => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Take()
    {
        Token token = tokens[_at];
        _at += token.Kind == TokenKind.End ? 0 : 1;
        return token;
    }

    public bool TryTakeOperator(string text) => TryTake(Current.IsOperator(text));

    public bool TryTakeName(string text) => TryTake(Current.IsName(text));

    public Token Expect(TokenKind kind) => Current.Kind == kind ? Take() : throw Unexpected();

    public void ExpectOperator(string text)
    {
        if (!TryTakeOperator(text))
        {
            throw Unexpected();
        }
    }

    public TemplateSyntaxException Unexpected() => Error($"'{Current.Text}' is not expected here");

    public TemplateSyntaxException Error(string message) => new(Current.Line, message);

    public void Enter()
    {
        if (++_depth > maxDepth)
        {
            throw Error($"nested more than {maxDepth} levels deep");
        }
    }

    public void Leave() => _depth--;

    /// <summary>Refuses a depth that was not reached by nesting in the source, such as that of a long sum.</summary>
    public void CheckDepth(int depth)
    {
        if (depth > maxDepth)
        {
            throw Error($"an expression has more than {maxDepth} levels");
        }
    }

    private bool TryTake(bool matches)
    {
        _at += matches ? 1 : 0;
        return matches;
    }
}
