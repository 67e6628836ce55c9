using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Tokenization.Normalization;

namespace DeepSeekOrleans.Language.Unigram;

/// <summary>Two and more spaces become one text: the step that tokenizer files spell as Replace with the pattern <c> {2,}</c>.</summary>
internal sealed class RepeatedSpaces(string content) : INormalizer
{
    public const string Pattern = " {2,}";

    public TrackedText Apply(TrackedText text)
    {
        int found = text.Text.IndexOf("  ", StringComparison.Ordinal);
        if (found < 0)
        {
            return text;
        }

        TrackedTextBuilder builder = new();
        int done = 0;
        for (; found >= 0; found = text.Text.IndexOf("  ", done, StringComparison.Ordinal))
        {
            builder.Append(text, done, found - done);
            done = found;
            while (done < text.Length && text.Text[done] == ' ')
            {
                done++;
            }

            builder.Append(content, text.IsTrusted(found, done - found));
        }

        builder.Append(text, done, text.Length - done);
        return builder.Build();
    }
}
