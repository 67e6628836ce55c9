using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>Writes a text with some characters spelled otherwise; what is left as it is keeps its provenance.</summary>
internal static class Escaping
{
    /// <param name="escape">The spelling of a character, or null when it stands for itself.</param>
    public static void Append(TrackedText text, TrackedTextBuilder builder, Func<char, string?> escape)
    {
        int done = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (escape(text.Text[i]) is string spelling)
            {
                builder.Append(text, done, i - done);
                builder.AppendUntrusted(spelling);
                done = i + 1;
            }
        }

        builder.Append(text, done, text.Length - done);
    }
}
