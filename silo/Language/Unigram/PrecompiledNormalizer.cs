using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Tokenization.Normalization;

namespace DeepSeekOrleans.Language.Unigram;

/// <summary>
/// Rewrites text by a model's own table, which for most models is NFKC with a few rules on spaces. What a reader sees as one character
/// is looked up as a whole when it is short, and code point by code point otherwise.
/// </summary>
internal sealed class PrecompiledNormalizer(CharacterMap map) : INormalizer
{
    /// <summary>Longer ones, in UTF-8 bytes, are never looked up as a whole; the reference has this limit too.</summary>
    private const int MaxWholeBytes = 5;

    public TrackedText Apply(TrackedText text)
    {
        TrackedTextBuilder builder = new();
        int length;
        for (int at = 0; at < text.Length; at += length)
        {
            length = StringInfo.GetNextTextElementLength(text.Text, at);
            ReadOnlySpan<char> element = text.Text.AsSpan(at, length);
            if (Encoding.UTF8.GetByteCount(element) <= MaxWholeBytes && map.Find(element) is string whole)
            {
                builder.Append(whole, text.IsTrusted(at, length));
                continue;
            }

            AppendCharacters(builder, text, at, length);
        }

        return builder.Build();
    }

    private void AppendCharacters(TrackedTextBuilder builder, TrackedText text, int start, int length)
    {
        int width;
        for (int at = start; at < start + length; at += width)
        {
            Rune.DecodeFromUtf16(text.Text.AsSpan(at), out _, out width);
            ReadOnlySpan<char> character = text.Text.AsSpan(at, width);
            builder.Append(map.Find(character) ?? character, text.IsTrusted(at, width));
        }
    }
}
