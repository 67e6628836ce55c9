using System.Text;
using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>
/// Normalization Form C (Unicode Standard Annex 15): decompose, order the combining marks, compose. Works on segments that begin
/// where nothing can join to the left, so that the rest of the text, and its trusted spans, stay as they are.
/// </summary>
internal sealed class NfcNormalizer : INormalizer
{
    /// <summary>Below this every character is a starter that is its own normal form and joins nothing to its left.</summary>
    private const char FirstCombining = '\u0300';

    /// <summary>A with grave accent is the first character that decomposes.</summary>
    private const int FirstDecomposing = 0xC0;

    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadFirst = 0x1100;
    private const int LeadCount = 19;
    public const int VowelFirst = 0x1161;
    private const int VowelCount = 21;
    private const int TrailBase = 0x11A7;
    private const int TrailCount = 28;

    /// <summary>From the first vowel to the last trailing consonant: characters that join a syllable to their left.</summary>
    public const int HangulPartCount = TrailBase + TrailCount - VowelFirst;

    public TrackedText Apply(TrackedText text)
    {
        if (!text.Text.AsSpan().ContainsAnyInRange(FirstCombining, char.MaxValue))
        {
            return text;
        }

        TrackedTextBuilder? changed = null;
        int unchangedFrom = 0;
        int done = 0;
        for (int active = NextActive(text.Text, 0); active >= 0; active = NextActive(text.Text, done))
        {
            // an active character may join the one before it, unless that belongs to a segment already worked off
            int start = active > done ? PreviousStart(text.Text, active) : active;
            done = SegmentEnd(text.Text, active);
            ReadOnlySpan<char> segment = text.Text.AsSpan(start, done - start);
            if (Normalize(segment) is string normal && !segment.SequenceEqual(normal))
            {
                changed ??= new TrackedTextBuilder();
                changed.Append(text, unchangedFrom, start - unchangedFrom);
                changed.Append(normal, text.IsTrusted(start, done - start));
                unchangedFrom = done;
            }
        }

        changed?.Append(text, unchangedFrom, text.Length - unchangedFrom);
        return changed?.Build() ?? text;
    }

    /// <summary>The full canonical decomposition of one character; null when it has none. The order of marks is as in the table.</summary>
    public static string? DecompositionOf(Rune character)
    {
        if (character.Value < FirstDecomposing)
        {
            return null;
        }

        List<int> codes = [];
        Decompose(character.Value, codes);
        return codes is [int only] && only == character.Value ? null : string.Concat(codes.Select(code => new Rune(code).ToString()));
    }

    private static int NextActive(string text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] < FirstCombining)
            {
                continue;
            }

            Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int width);
            if (CanonicalData.IsActive(rune.Value))
            {
                return i;
            }

            i += width - 1;
        }

        return -1;
    }

    private static int PreviousStart(string text, int at) =>
        at >= 2 && char.IsSurrogatePair(text[at - 2], text[at - 1]) ? at - 2 : at - 1;

    private static int SegmentEnd(string text, int start)
    {
        int end = start;
        do
        {
            Rune.DecodeFromUtf16(text.AsSpan(end), out _, out int width);
            end += width;
        }
        while (end < text.Length && !StartsSegment(text, end));
        return end;
    }

    private static bool StartsSegment(string text, int at)
    {
        if (text[at] < FirstCombining)
        {
            return true;
        }

        Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out _);
        int first = rune.Value;
        while (CanonicalData.TryDecompose(first, out (int First, int Second) parts))
        {
            first = parts.First;
        }

        bool hangulPart = first is >= VowelFirst and < TrailBase + TrailCount;
        return CanonicalData.CombiningClass(first) == 0 && !CanonicalData.IsSecondPart(first) && !hangulPart;
    }

    private static string? Normalize(ReadOnlySpan<char> segment)
    {
        List<int> codes = [];
        foreach (Rune rune in segment.EnumerateRunes())
        {
            // an unpaired surrogate enumerates as U+FFFD; it is no character to normalise
            if (rune == Rune.ReplacementChar)
            {
                return null;
            }

            Decompose(rune.Value, codes);
        }

        OrderMarks(codes);
        Compose(codes);
        StringBuilder text = new();
        codes.ForEach(code => text.Append(new Rune(code).ToString()));
        return text.ToString();
    }

    private static void Decompose(int code, List<int> codes)
    {
        int hangul = code - HangulFirst;
        if (hangul is >= 0 and < HangulCount)
        {
            codes.Add(LeadFirst + (hangul / (VowelCount * TrailCount)));
            codes.Add(VowelFirst + (hangul / TrailCount % VowelCount));
            if (hangul % TrailCount > 0)
            {
                codes.Add(TrailBase + (hangul % TrailCount));
            }
        }
        else if (CanonicalData.TryDecompose(code, out (int First, int Second) parts))
        {
            Decompose(parts.First, codes);
            if (parts.Second > 0)
            {
                codes.Add(parts.Second);
            }
        }
        else
        {
            codes.Add(code);
        }
    }

    private static void OrderMarks(List<int> codes)
    {
        for (int start = 0; start < codes.Count; start++)
        {
            int end = start;
            while (end < codes.Count && CanonicalData.CombiningClass(codes[end]) != 0)
            {
                end++;
            }

            if (end > start + 1)
            {
                // OrderBy keeps the order of marks of one class, as the annex asks
                int[] ordered = [.. codes[start..end].OrderBy(CanonicalData.CombiningClass)];
                ordered.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(codes)[start..]);
            }

            start = Math.Max(start, end);
        }
    }

    private static void Compose(List<int> codes)
    {
        int starter = -1;
        int kept = 0;
        int lastClass = -1;
        for (int i = 0; i < codes.Count; i++)
        {
            int code = codes[i];
            int combiningClass = CanonicalData.CombiningClass(code);
            // blocked when a mark of the same or a higher class stands between it and the starter
            bool blocked = lastClass >= combiningClass && lastClass >= 0;
            if (starter >= 0 && !blocked && TryJoin(codes[starter], code, out int joined))
            {
                codes[starter] = joined;
                continue;
            }

            if (combiningClass == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else
            {
                lastClass = combiningClass;
            }

            codes[kept++] = code;
        }

        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static bool TryJoin(int first, int second, out int joined)
    {
        int lead = first - LeadFirst;
        int vowel = second - VowelFirst;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            joined = HangulFirst + (((lead * VowelCount) + vowel) * TrailCount);
            return true;
        }

        int syllable = first - HangulFirst;
        int trail = second - TrailBase;
        if (syllable is >= 0 and < HangulCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            joined = first + trail;
            return true;
        }

        return CanonicalData.TryCompose(first, second, out joined);
    }
}
