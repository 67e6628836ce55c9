using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>When a text gets a space mark in front.</summary>
internal enum PrependScheme
{
    Never,
    First,
    Always,
}

/// <summary>SentencePiece's way with spaces: each becomes a visible mark, and a text may get one in front.</summary>
/// <param name="dropSpaces">White space parts words instead of becoming marks, and each word gets its mark in front.</param>
internal sealed class MetaspaceNormalizer(char mark, PrependScheme scheme, bool dropSpaces = false)
{
    private readonly ReplaceNormalizer _spaces = new(" ", mark.ToString());
    private readonly PrependNormalizer _prefix = new(mark.ToString());

    /// <param name="isFirst">The piece is the beginning of the whole text.</param>
    public TrackedText Apply(TrackedText text, bool isFirst)
    {
        if (dropSpaces)
        {
            return MarkWords(text);
        }

        TrackedText marked = _spaces.Apply(text);
        bool prepend = scheme == PrependScheme.Always || (scheme == PrependScheme.First && isFirst);
        return prepend && !marked.Text.StartsWith(mark) ? _prefix.Apply(marked) : marked;
    }

    private TrackedText MarkWords(TrackedText text)
    {
        TrackedTextBuilder builder = new();
        int end;
        for (int at = 0; at < text.Length; at = end)
        {
            end = at + 1;
            if (char.IsWhiteSpace(text.Text[at]))
            {
                continue;
            }

            while (end < text.Length && !char.IsWhiteSpace(text.Text[end]))
            {
                end++;
            }

            builder.AppendUntrusted(text.Text[at] == mark ? "" : mark.ToString());
            builder.Append(text, at, end - at);
        }

        return builder.Build();
    }
}
