using System.Buffers;
using System.Globalization;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// Finds added tokens in a text, leftmost first and the longest of those that start there, but only wholly inside trusted spans:
/// elsewhere the same characters are ordinary text.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Unit), int> _edges = [];
    private readonly List<AddedToken?> _tokens = [null];
    private readonly SearchValues<char> _firstUnits;

    /// <param name="tokens">Each with the text to match, which for normalised tokens is the normalised content.</param>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        HashSet<char> firstUnits = [];
        foreach ((AddedToken token, string text) in tokens)
        {
            if (text.Length > 0)
            {
                firstUnits.Add(text[0]);
                Add(token, text);
            }
        }

        _firstUnits = SearchValues.Create(firstUnits.ToArray());
    }

    public bool IsEmpty => _tokens.Count == 1;

    /// <summary>Cuts the text into matched tokens and the text between; empty pieces are left out.</summary>
    public List<TextPiece> Split(ReadOnlySpan<char> text, ReadOnlySpan<TextSpan> trusted)
    {
        List<TextPiece> pieces = [];
        int done = 0;
        foreach (TextSpan span in trusted)
        {
            int at = Math.Max(span.Start, done);
            while (TryFind(text, at, span.End, out int start, out int length, out AddedToken? token))
            {
                at = start + length;
                if (token!.SingleWord && !StandsAlone(text, start, at))
                {
                    continue;
                }

                TextSpan match = Widen(text, new TextSpan(start, length), token, done);
                AddText(pieces, done, match.Start);
                pieces.Add(new TextPiece(match.Start, match.Length, token.Id));
                done = match.End;
                at = done;
            }
        }

        AddText(pieces, done, text.Length);
        return pieces;
    }

    private static void AddText(List<TextPiece> pieces, int start, int end)
    {
        if (start < end)
        {
            pieces.Add(new TextPiece(start, end - start, TextPiece.NoToken));
        }
    }

    private static TextSpan Widen(ReadOnlySpan<char> text, TextSpan match, AddedToken token, int from)
    {
        int start = match.Start;
        int end = match.End;
        while (token.LeftStrip && start > from && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.RightStrip && end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return new TextSpan(start, end - start);
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end) =>
        (start == 0 || !IsWordUnit(text[start - 1])) && (end == text.Length || !IsWordUnit(text[end]));

    private static bool IsWordUnit(char unit) => char.GetUnicodeCategory(unit) is <= UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;

    private void Add(AddedToken token, string text)
    {
        int node = 0;
        foreach (char unit in text)
        {
            if (!_edges.TryGetValue((node, unit), out int next))
            {
                next = _tokens.Count;
                _edges.Add((node, unit), next);
                _tokens.Add(null);
            }

            node = next;
        }

        _tokens[node] = token;
    }

    private bool TryFind(ReadOnlySpan<char> text, int from, int limit, out int start, out int length, out AddedToken? token)
    {
        (start, length, token) = (from, 0, null);
        while (start < limit)
        {
            int skipped = text[start..limit].IndexOfAny(_firstUnits);
            if (skipped < 0)
            {
                return false;
            }

            start += skipped;
            length = LongestAt(text[start..limit], out token);
            if (length > 0)
            {
                return true;
            }

            start++;
        }

        return false;
    }

    // at most as many steps as the longest added token has characters
    private int LongestAt(ReadOnlySpan<char> text, out AddedToken? token)
    {
        token = null;
        int length = 0;
        int node = 0;
        for (int i = 0; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_tokens[node] is AddedToken match)
            {
                token = match;
                length = i + 1;
            }
        }

        return length;
    }
}

/// <summary>A part of a text: an added token, or text between them.</summary>
internal readonly record struct TextPiece(int Start, int Length, int TokenId)
{
    public const int NoToken = -1;
}
