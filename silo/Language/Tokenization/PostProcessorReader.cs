using DeepSeekOrleans.Language.Models;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>The tokens that a text gets around it when special tokens are asked for.</summary>
internal sealed record SpecialFrame(int[] Before, int[] After)
{
    public static SpecialFrame Empty { get; } = new([], []);
}

/// <summary>Reads the <c>post_processor</c> of a tokenizer.json; only what concerns a single text.</summary>
internal static class PostProcessorReader
{
    public static SpecialFrame Read(JsonNode? node)
    {
        if (node is not JsonNode processor)
        {
            return SpecialFrame.Empty;
        }

        string type = processor.GetText("type");
        return type switch
        {
            "ByteLevel" => SpecialFrame.Empty,
            "TemplateProcessing" => ReadTemplate(processor),
            "BertProcessing" or "RobertaProcessing" => new SpecialFrame([IdOf(processor.Get("cls"))], [IdOf(processor.Get("sep"))]),
            "Sequence" => processor.Get("processors").Items().Select(item => Read(item)).Aggregate(SpecialFrame.Empty, Around),
            _ => throw processor.Wrong($"the post-processor '{type}' is not supported; TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence are"),
        };
    }

    private static SpecialFrame Around(SpecialFrame inner, SpecialFrame outer) =>
        new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]);

    // a pair of the token's text and its id
    private static int IdOf(JsonNode token) => token.Items().ToList() is [_, JsonNode id] ? id.AsInt() : throw token.Wrong("a token and its id are expected");

    private static SpecialFrame ReadTemplate(JsonNode processor)
    {
        List<int> before = [];
        List<int> after = [];
        List<int> current = before;
        foreach (JsonNode part in processor.Get("single").Items())
        {
            if (part.Find("SpecialToken") is JsonNode token)
            {
                JsonNode special = processor.Get("special_tokens").Get(token.GetText("id"));
                current.AddRange(special.Get("ids").Items().Select(id => id.AsInt()));
            }
            else
            {
                current = after;
            }
        }

        return new SpecialFrame([.. before], [.. after]);
    }
}
