using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>Python's text operations on texts that keep their provenance.</summary>
internal static class TextOperations
{
    /// <summary>What Python takes for whitespace: Unicode's, and four separators of ASCII.</summary>
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\x1c' and <= '\x1f';

    /// <summary>Takes characters off the ends; whitespace when <paramref name="characters"/> is null.</summary>
    public static TrackedText Strip(TrackedText text, string? characters, bool left, bool right)
    {
        int start = 0;
        int end = text.Length;
        while (left && start < end && Matches(text.Text[start]))
        {
            start++;
        }

        while (right && end > start && Matches(text.Text[end - 1]))
        {
            end--;
        }

        return text.Slice(start, end - start);

        bool Matches(char unit) => characters is null ? IsSpace(unit) : characters.Contains(unit);
    }

    public static TrackedText Join(IEnumerable<TrackedText> parts, TrackedText separator, RenderBudget budget)
    {
        TrackedTextBuilder joined = new();
        bool first = true;
        foreach (TrackedText part in parts)
        {
            budget.Charge(part.Length + separator.Length);
            if (!first)
            {
                joined.Append(separator);
            }

            joined.Append(part);
            first = false;
        }

        return joined.Build();
    }

    public static TrackedText Repeat(TrackedText text, Int128 times, RenderBudget budget)
    {
        if (times <= 0 || text.Length == 0)
        {
            return TrackedText.Empty;
        }

        budget.Charge(Product(text.Length, times));
        TrackedTextBuilder repeated = new();
        for (int i = 0; i < times; i++)
        {
            budget.Step();
            repeated.Append(text);
        }

        return repeated.Build();
    }

    /// <summary>A product that stays within long, to be charged.</summary>
    public static long Product(long size, Int128 times) => times > long.MaxValue / Math.Max(1, size) / 2 ? long.MaxValue / 2 : size * (long)times;

    /// <param name="limit">The most replacements; negative for no limit.</param>
    public static TrackedText Replace(TrackedText text, string old, TrackedText replacement, int limit, RenderBudget budget)
    {
        if (old.Length == 0)
        {
            throw new TemplateException("replace: the text to replace is empty");
        }

        TrackedTextBuilder replaced = new();
        int done = 0;
        for (int found = Find(0); found >= 0 && limit != 0; found = Find(done), limit--)
        {
            budget.Step();
            budget.Charge(found - done + replacement.Length);
            replaced.Append(text, done, found - done);
            replaced.Append(replacement);
            done = found + old.Length;
        }

        budget.Charge(text.Length - done);
        replaced.Append(text, done, text.Length - done);
        return replaced.Build();

        int Find(int from) => text.Text.IndexOf(old, from, StringComparison.Ordinal);
    }

    /// <param name="limit">The most cuts; negative for no limit.</param>
    public static List<TrackedText> Split(TrackedText text, string separator, int limit, RenderBudget budget)
    {
        if (separator.Length == 0)
        {
            throw new TemplateException("split: the separator is empty");
        }

        budget.Charge(text.Length);
        List<TrackedText> parts = [];
        int done = 0;
        for (int found = Find(0); found >= 0 && limit != 0; found = Find(done), limit--)
        {
            budget.Step();
            parts.Add(text.Slice(done, found - done));
            done = found + separator.Length;
        }

        parts.Add(text.Slice(done, text.Length - done));
        return parts;

        int Find(int from) => text.Text.IndexOf(separator, from, StringComparison.Ordinal);
    }

    /// <summary>Like <see cref="Split"/>, but the cuts are made from the end.</summary>
    public static List<TrackedText> SplitFromEnd(TrackedText text, string separator, int limit, RenderBudget budget)
    {
        if (separator.Length == 0)
        {
            throw new TemplateException("rsplit: the separator is empty");
        }

        budget.Charge(text.Length);
        List<TrackedText> parts = [];
        int end = text.Length;
        for (; limit != 0; limit--)
        {
            budget.Step();
            int found = text.Text.AsSpan(0, end).LastIndexOf(separator);
            if (found < 0)
            {
                break;
            }

            parts.Add(text.Slice(found + separator.Length, end - found - separator.Length));
            end = found;
        }

        parts.Add(text.Slice(0, end));
        parts.Reverse();
        return parts;
    }

    /// <summary>The words between runs of whitespace.</summary>
    public static List<TrackedText> Words(TrackedText text, int limit, RenderBudget budget)
    {
        budget.Charge(text.Length);
        List<TrackedText> words = [];
        int at = SkipSpace(0);
        for (; at < text.Length && limit != 0; at = SkipSpace(at), limit--)
        {
            budget.Step();
            int start = at;
            while (at < text.Length && !IsSpace(text.Text[at]))
            {
                at++;
            }

            words.Add(text.Slice(start, at - start));
        }

        if (at < text.Length)
        {
            words.Add(Strip(text.Slice(at, text.Length - at), null, left: false, right: true));
        }

        return words;

        int SkipSpace(int from)
        {
            while (from < text.Length && IsSpace(text.Text[from]))
            {
                from++;
            }

            return from;
        }
    }

    public static List<TrackedText> Lines(TrackedText text, bool keepEnds, RenderBudget budget)
    {
        budget.Charge(text.Length);
        List<TrackedText> lines = [];
        for (int start = 0; start < text.Length;)
        {
            budget.Step();
            int length = text.Text.AsSpan(start).IndexOfAny('\r', '\n');
            int end = length < 0 ? text.Length : start + length;
            int next = end + (string.CompareOrdinal(text.Text, end, "\r\n", 0, 2) == 0 ? 2 : 1);
            next = Math.Min(next, text.Length);
            lines.Add(text.Slice(start, (keepEnds ? next : end) - start));
            start = next;
        }

        return lines;
    }

    public static TrackedText Upper(TrackedText text) => text.WithText(text.Text.ToUpperInvariant());

    public static TrackedText Lower(TrackedText text) => text.WithText(text.Text.ToLowerInvariant());

    /// <summary>Upper case for the first letter of the text, lower case for the rest.</summary>
    public static TrackedText Capitalize(TrackedText text) =>
        text.WithText(string.Concat(text.Text.AsSpan(0, Math.Min(1, text.Length)).ToString().ToUpperInvariant(), text.Text[Math.Min(1, text.Length)..].ToLowerInvariant()));

    /// <summary>Upper case for the first letter of each word, lower case for the rest.</summary>
    public static TrackedText Title(TrackedText text)
    {
        char[] units = text.Text.ToCharArray();
        bool inWord = false;
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = inWord ? char.ToLowerInvariant(units[i]) : char.ToUpperInvariant(units[i]);
            inWord = char.IsLetter(units[i]);
        }

        return text.WithText(new string(units));
    }
}
