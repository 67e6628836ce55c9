using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

public sealed class AddedTokenMatcherTests
{
    [Fact]
    public void Split_TokensShareABeginning_TheLongestMatches() =>
        Assert.Equal("a|[2]|b", Split("a<x><y>b", new AddedToken(1, "<x>"), new AddedToken(2, "<x><y>")));

    [Fact]
    public void Split_StripFlags_TakeWhitespaceAround() =>
        Assert.Equal("a|[1]|b", Split("a \n<x>\t b", new AddedToken(1, "<x>") { LeftStrip = true, RightStrip = true }));

    [Fact]
    public void Split_SingleWord_MatchesOnlyAlone() =>
        Assert.Equal("xno no_ |[1]|!", Split("xno no_ no!", new AddedToken(1, "no") { SingleWord = true }));

    [Fact]
    public void Split_TokenCrossesATrustedBorder_IsText()
    {
        AddedTokenMatcher matcher = new([(new AddedToken(1, "<x>"), "<x>")]);
        const string Text = "<x><x>";

        Assert.Equal("<x>|[1]", Show(Text, matcher.Split(Text, [new TextSpan(1, 5)])));
        Assert.Equal("<x><x>", Show(Text, matcher.Split(Text, [new TextSpan(0, 2), new TextSpan(3, 2)])));
        Assert.Equal("[1]|<x>", Show(Text, matcher.Split(Text, [new TextSpan(0, 4)])));
    }

    private static string Split(string text, params AddedToken[] tokens)
    {
        AddedTokenMatcher matcher = new(tokens.Select(token => (token, token.Content)));
        return Show(text, matcher.Split(text, [new TextSpan(0, text.Length)]));
    }

    private static string Show(string text, List<TextPiece> pieces) => string.Join('|', pieces.Select(piece =>
        piece.TokenId == TextPiece.NoToken ? text.Substring(piece.Start, piece.Length) : $"[{piece.TokenId}]"));
}
