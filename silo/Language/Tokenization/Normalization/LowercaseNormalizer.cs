using System.Text;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>Lower case, character by character and the same in every language.</summary>
internal sealed class LowercaseNormalizer : CharacterNormalizer
{
    // the only character with a lower case of two (SpecialCasing.txt, unconditional part)
    private const int DottedCapitalI = 0x130;

    protected override string? Rewrite(Rune character)
    {
        if (character.Value == DottedCapitalI)
        {
            return "i\u0307";
        }

        Rune lower = Rune.ToLowerInvariant(character);
        return lower == character ? null : lower.ToString();
    }
}
