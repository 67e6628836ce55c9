namespace DeepSeekOrleans.Language.Provenance;

/// <summary>
/// A text that knows which of its parts come from the model's own files and so may spell control tokens. Everything else, above
/// all what a user wrote, is ordinary text however it is spelled.
/// </summary>
/// <param name="Trusted">Ascending, disjoint, none of them empty.</param>
internal readonly record struct TrackedText(string Text, TextSpan[] Trusted)
{
    public static TrackedText Empty { get; } = FromUser("");

    public int Length => Text.Length;

    public static TrackedText FromUser(string text) => new(text, []);

    public static TrackedText FromModel(string text) => new(text, text.Length == 0 ? [] : [new TextSpan(0, text.Length)]);

    public TrackedText Slice(int start, int length)
    {
        if (length == Length)
        {
            return this;
        }

        return new TrackedText(Text.Substring(start, length), ClipSpans(start, length));
    }

    /// <summary>The trusted spans of a part, counted from its beginning.</summary>
    public TextSpan[] ClipSpans(int start, int length) => length == Length ? Trusted : Clip(Trusted, new TextSpan(start, length));

    /// <summary>Whether the whole part, which must not be empty, is trusted.</summary>
    public bool IsTrusted(int start, int length)
    {
        int first = FirstEndingBehind(Trusted, start);
        return length > 0 && first < Trusted.Length && Trusted[first].Start <= start && start + length <= Trusted[first].End;
    }

    /// <summary>A text of the same length with the same provenance, unit by unit.</summary>
    public TrackedText WithText(string sameLength) =>
        sameLength.Length == Length ? this with { Text = sameLength } : throw new ArgumentException("the length differs", nameof(sameLength));

    /// <summary>The parts of the spans that lie in a window, counted from the window's start.</summary>
    public static TextSpan[] Clip(ReadOnlySpan<TextSpan> spans, TextSpan window)
    {
        List<TextSpan>? clipped = null;
        for (int i = FirstEndingBehind(spans, window.Start); i < spans.Length && spans[i].Start < window.End; i++)
        {
            int from = Math.Max(spans[i].Start, window.Start);
            int to = Math.Min(spans[i].End, window.End);
            (clipped ??= []).Add(new TextSpan(from - window.Start, to - from));
        }

        return clipped is null ? [] : [.. clipped];
    }

    private static int FirstEndingBehind(ReadOnlySpan<TextSpan> spans, int position)
    {
        int low = 0;
        int high = spans.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = spans[middle].End <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
