using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>Takes nonspacing marks off; a letter must have been decomposed before.</summary>
internal sealed class MarkStripper : CharacterNormalizer
{
    protected override string? Rewrite(Rune character) => Rune.GetUnicodeCategory(character) == UnicodeCategory.NonSpacingMark ? "" : null;
}

/// <summary>Letters without their accents: Normalization Form D, then no nonspacing marks. The order of those marks is therefore no matter.</summary>
internal sealed class AccentStripper : INormalizer
{
    private static readonly NormalizerSequence Steps = new([new CanonicalDecomposer(), new MarkStripper()]);

    public TrackedText Apply(TrackedText text) => Ascii.IsValid(text.Text) ? text : Steps.Apply(text);

    private sealed class CanonicalDecomposer : CharacterNormalizer
    {
        protected override string? Rewrite(Rune character) => NfcNormalizer.DecompositionOf(character);
    }
}
