using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>Positions in a text as Python counts them, in code points; a text is stored in UTF-16 units.</summary>
internal static class CodePoints
{
    public static int Count(string text)
    {
        int pairs = 0;
        if (text.AsSpan().ContainsAnyInRange('\uD800', '\uDBFF'))
        {
            for (int i = 0; i + 1 < text.Length; i++)
            {
                pairs += char.IsSurrogatePair(text[i], text[i + 1]) ? 1 : 0;
            }
        }

        return text.Length - pairs;
    }

    /// <summary>Where each code point begins, and the text's length behind the last.</summary>
    public static List<int> Starts(string text)
    {
        List<int> starts = new(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            starts.Add(i);
            i += i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 1 : 0;
        }

        starts.Add(text.Length);
        return starts;
    }

    /// <summary>The code points from <paramref name="start"/> up to <paramref name="end"/>, both inside the text.</summary>
    public static TrackedText Slice(TrackedText text, int start, int end)
    {
        if (end <= start)
        {
            return TrackedText.Empty;
        }

        if (!text.Text.AsSpan().ContainsAnyInRange('\uD800', '\uDBFF'))
        {
            return text.Slice(start, end - start);
        }

        List<int> starts = Starts(text.Text);
        return text.Slice(starts[start], starts[end] - starts[start]);
    }

    public static IEnumerable<TrackedText> Each(TrackedText text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int width = i + 1 < text.Length && char.IsSurrogatePair(text.Text[i], text.Text[i + 1]) ? 2 : 1;
            yield return text.Slice(i, width);
            i += width - 1;
        }
    }
}
