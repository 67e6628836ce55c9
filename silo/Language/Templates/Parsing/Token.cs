namespace DeepSeekOrleans.Language.Templates.Parsing;

internal enum TokenKind
{
    /// <summary>Text outside of tags; <see cref="Token.Text"/> is written as it is.</summary>
    Data,
    OutputBegin,
    OutputEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A word of a template.</summary>
/// <param name="Text">The unescaped value of a string; otherwise the source text.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;
}
