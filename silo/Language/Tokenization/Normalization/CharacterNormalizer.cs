using System.Text;
using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>A step that looks at one character at a time; what a character becomes is trusted as the character was.</summary>
internal abstract class CharacterNormalizer : INormalizer
{
    public TrackedText Apply(TrackedText text)
    {
        TrackedTextBuilder? changed = null;
        int unchangedFrom = 0;
        int width;
        for (int at = 0; at < text.Length; at += width)
        {
            // an unpaired surrogate is read as U+FFFD
            Rune.DecodeFromUtf16(text.Text.AsSpan(at), out Rune rune, out width);
            if (Rewrite(rune) is not string rewritten)
            {
                continue;
            }

            changed ??= new TrackedTextBuilder();
            changed.Append(text, unchangedFrom, at - unchangedFrom);
            changed.Append(rewritten, text.IsTrusted(at, width));
            unchangedFrom = at + width;
        }

        changed?.Append(text, unchangedFrom, text.Length - unchangedFrom);
        return changed?.Build() ?? text;
    }

    /// <summary>What stands for the character; null when it stays.</summary>
    protected abstract string? Rewrite(Rune character);
}
