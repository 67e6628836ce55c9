using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>A step that rewrites text before it is cut into words.</summary>
internal interface INormalizer
{
    /// <summary>The rewritten text; the same value when the step changes nothing.</summary>
    TrackedText Apply(TrackedText text);
}

/// <summary>Several steps, one after the other.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public TrackedText Apply(TrackedText text) => steps.Aggregate(text, (current, step) => step.Apply(current));
}

/// <summary>Puts a fixed text before every text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public TrackedText Apply(TrackedText text)
    {
        if (text.Text.Length == 0)
        {
            return text;
        }

        TrackedTextBuilder builder = new();
        builder.AppendUntrusted(prefix);
        builder.Append(text);
        return builder.Build();
    }
}

/// <summary>Replaces a fixed text wherever it stands.</summary>
internal sealed class ReplaceNormalizer(string pattern, string content) : INormalizer
{
    public TrackedText Apply(TrackedText text)
    {
        int found = text.Text.IndexOf(pattern, StringComparison.Ordinal);
        if (found < 0)
        {
            return text;
        }

        TrackedTextBuilder builder = new();
        int done = 0;
        for (; found >= 0; found = text.Text.IndexOf(pattern, done, StringComparison.Ordinal))
        {
            builder.Append(text, done, found - done);
            builder.Append(content, text.IsTrusted(found, pattern.Length));
            done = found + pattern.Length;
        }

        builder.Append(text, done, text.Length - done);
        return builder.Build();
    }
}
