using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.Language.Tokenization.Normalization;

namespace DeepSeekOrleans.Language.WordPiece;

/// <summary>What BERT does to a text before it is cut into words, each step by its own switch in tokenizer.json.</summary>
internal static class BertNormalizer
{
    public static INormalizer? Read(JsonNode node)
    {
        bool lowercase = node.GetFlag("lowercase", absent: true);
        List<INormalizer> steps = [];
        if (node.GetFlag("clean_text", absent: true))
        {
            steps.Add(new TextCleaner());
        }

        if (node.GetFlag("handle_chinese_chars", absent: true))
        {
            steps.Add(new IdeographSpacer());
        }

        // as in the original: a model that folds case drops accents too, unless it says otherwise
        if (node.GetFlag("strip_accents", absent: lowercase))
        {
            steps.Add(new AccentStripper());
        }

        if (lowercase)
        {
            steps.Add(new LowercaseNormalizer());
        }

        return steps.Count == 0 ? null : new NormalizerSequence(steps);
    }

    /// <summary>Drops control characters, and makes every white space a plain space.</summary>
    private sealed class TextCleaner : CharacterNormalizer
    {
        protected override string? Rewrite(Rune character) => character.Value switch
        {
            '\t' or '\n' or '\r' => " ",
            ' ' => null,
            0xFFFD => "",
            _ when IsControl(Rune.GetUnicodeCategory(character)) => "",
            _ => Rune.IsWhiteSpace(character) ? " " : null,
        };

        private static bool IsControl(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
    }

    /// <summary>Puts spaces around each Chinese character, so that it is a word of its own.</summary>
    private sealed class IdeographSpacer : CharacterNormalizer
    {
        // 2B820 to 2B91F are left out as in the reference, whose vocabularies were counted that way
        protected override string? Rewrite(Rune character) => character.Value is
            (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF)
            or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
            or (>= 0x2B920 and <= 0x2CEAF) or (>= 0x2F800 and <= 0x2FA1F)
            ? $" {character} "
            : null;
    }
}
