using System.Text.Json.Nodes;
using DeepSeekOrleans.Language.Tokenization.Splitting;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// How a model family cuts text before BPE, in the words of tokenizer.json, by the name that GGUF files (<c>tokenizer.ggml.pre</c>)
/// give it instead of spelling it out.
/// </summary>
/// <param name="Normalizer">The <c>normalizer</c> of tokenizer.json; null for none.</param>
/// <param name="Steps">The <c>pretokenizers</c> of its Sequence.</param>
/// <param name="IgnoresMerges">A word that is a token is not merged from its parts.</param>
public sealed record NamedPreTokenizer(JsonNode? Normalizer, JsonArray Steps, bool IgnoresMerges = false)
{
    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["gpt-2", "gpt2", "llama3", "llama-v3", "llama-bpe", "qwen2", "deepseek-r1-qwen", "deepseek-v3", "smollm"];

    /// <summary>The pre-tokenizer of this name; null for one that is not known, because a near match would give other tokens silently.</summary>
    public static NamedPreTokenizer? Find(string name) => name switch
    {
        "gpt-2" or "gpt2" => new(null, [ByteLevel(usesPattern: true)]),
        "llama3" or "llama-v3" or "llama-bpe" =>
            new(null, [Split(TiktokenSplitter.ThreeDigitsPattern), ByteLevel(usesPattern: false)], IgnoresMerges: true),
        "qwen2" or "deepseek-r1-qwen" =>
            new(new JsonObject { ["type"] = "NFC" }, [Split(TiktokenSplitter.SingleDigitPattern), ByteLevel(usesPattern: false)]),
        "deepseek-v3" => new(
            null,
            [Split(DigitSplitter.ThreeDigitsPattern), Split(CjkSplitter.Pattern), Split(DeepSeekSplitter.Pattern), ByteLevel(usesPattern: false)]),
        "smollm" => new(null, [new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(usesPattern: true)]),
        _ => null,
    };

    private static JsonObject Split(string pattern) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    private static JsonObject ByteLevel(bool usesPattern) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = true,
        ["use_regex"] = usesPattern,
    };
}
