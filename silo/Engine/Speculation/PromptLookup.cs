namespace DeepSeekOrleans.Engine.Speculation;

/// <summary>
/// Guesses how one sequence goes on: as it did where its last tokens stood before, in the prompt or the output. The index grows with
/// the sequence, and its memory is two numbers per token.
/// </summary>
internal sealed class PromptLookup
{
    // One token alone stands in too many places to tell anything; more than four choose hardly ever another place.
    private const int ShortestMatch = 2;
    private const int LongestMatch = 4;

    // Places are looked at from the newest to the oldest: a pair such as ", and" may have hundreds.
    private const int MostPlaces = 16;

    // Both hold the position of a pair's second token plus one, and 0 for none: the newest by the pair's hash, then the one before.
    private readonly int[] _newest;
    private readonly int[] _older;
    private readonly int _shift;
    private int _next = 1;

    /// <param name="capacity">The most tokens that the sequence can have.</param>
    public PromptLookup(int capacity)
    {
        int bits = Math.Max(1, int.Log2(capacity) + 1);
        _newest = new int[1 << bits];
        _older = new int[capacity];
        _shift = 32 - bits;
    }

    /// <summary>Fills <paramref name="draft"/> with what followed the longest match of the last tokens, of equally long ones the newest.</summary>
    /// <param name="tokens">The whole sequence, which continues the one of the call before.</param>
    /// <returns>False when the last tokens are new; the draft is unchanged then.</returns>
    public bool TryContinue(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        int last = tokens.Length - 1;
        Index(tokens[..^1]);
        int longest = 0;
        int source = 0;
        int place = last < 1 ? 0 : _newest[Bucket(tokens, last)];
        for (int tried = 0; place > 0 && tried < MostPlaces && longest < LongestMatch; tried++)
        {
            int length = Match(tokens, place - 1);
            if (length > longest)
            {
                longest = length;
                source = place;
            }

            place = _older[place - 1];
        }

        if (longest < ShortestMatch)
        {
            return false;
        }

        for (int i = 0; i < draft.Length; i++)
        {
            // where the match overlaps its source the sequence repeats itself, and so does the draft
            draft[i] = tokens[source + (i % (tokens.Length - source))];
        }

        return true;
    }

    private void Index(ReadOnlySpan<int> tokens)
    {
        for (; _next < tokens.Length; _next++)
        {
            ref int newest = ref _newest[Bucket(tokens, _next)];
            _older[_next] = newest;
            newest = _next + 1;
        }
    }

    /// <summary>Of the two tokens that end at a position; multiplicative, only to spread them.</summary>
    private uint Bucket(ReadOnlySpan<int> tokens, int end) => unchecked((((uint)tokens[end - 1] * 0x85EBCA6B) + (uint)tokens[end]) * 0x9E3779B1) >> _shift;

    /// <summary>How many tokens up to a position are the last ones of the sequence.</summary>
    private static int Match(ReadOnlySpan<int> tokens, int end)
    {
        int length = 0;
        while (length < LongestMatch && length <= end && tokens[end - length] == tokens[^(length + 1)])
        {
            length++;
        }

        return length;
    }
}
