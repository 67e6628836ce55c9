using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization.Normalization;
using DeepSeekOrleans.Language.Unigram;
using DeepSeekOrleans.Language.WordPiece;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>Reads the <c>normalizer</c> of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    public static INormalizer? Read(JsonNode? node)
    {
        if (node is not JsonNode normalizer)
        {
            return null;
        }

        string type = normalizer.GetText("type");
        return type switch
        {
            "NFC" => new NfcNormalizer(),
            "Prepend" => new PrependNormalizer(normalizer.GetText("prepend")),
            "Replace" => ReadReplace(normalizer),
            "Sequence" => ReadSequence(normalizer),
            "BertNormalizer" => BertNormalizer.Read(normalizer),
            "Lowercase" => new LowercaseNormalizer(),
            "StripAccents" => new MarkStripper(),
            "Precompiled" => new PrecompiledNormalizer(CharacterMap.Read(normalizer.Get("precompiled_charsmap"))),
            // NFKC and NFKD need tables that the runtime has only together with ICU; a near match would change tokens silently
            _ => throw normalizer.Wrong(
                $"the normalizer '{type}' is not supported; NFC, Prepend, Replace, BertNormalizer, Lowercase, StripAccents, Precompiled and Sequence are"),
        };
    }

    private static INormalizer ReadReplace(JsonNode normalizer)
    {
        if (normalizer.Get("pattern").Find("Regex")?.AsText() == RepeatedSpaces.Pattern)
        {
            return new RepeatedSpaces(normalizer.GetText("content"));
        }

        string pattern = FixedPattern(normalizer);
        return new ReplaceNormalizer(pattern, normalizer.GetText("content"));
    }

    /// <summary>The <c>pattern</c> of a step that replaces a fixed text.</summary>
    public static string FixedPattern(JsonNode step)
    {
        JsonNode pattern = step.Get("pattern");
        string text = pattern.Find("String")?.AsText() ?? throw pattern.Wrong("only a fixed String is supported here");
        return text.Length > 0 ? text : throw pattern.Wrong("the text to replace is empty");
    }

    private static INormalizer? ReadSequence(JsonNode normalizer)
    {
        List<INormalizer> steps = [.. normalizer.Get("normalizers").Items().Select(item => Read(item)).OfType<INormalizer>()];
        return steps.Count switch
        {
            0 => null,
            1 => steps[0],
            _ => new NormalizerSequence(steps),
        };
    }
}
