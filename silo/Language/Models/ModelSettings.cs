using System.Collections.Immutable;

namespace DeepSeekOrleans.Language.Models;

/// <summary>The numbers of config.json, generation_config.json and genai_config.json that concern text.</summary>
internal sealed record ModelSettings(ImmutableArray<int> EndTokenIds, int ContextLength, GenerationDefaults Defaults)
{
    public static ModelSettings Read(string directory, TokenizerConfig tokens, Tokenizer tokenizer)
    {
        JsonNode? config = JsonFile.TryRead(Path.Combine(directory, "config.json"))?.Root;
        JsonNode? generation = JsonFile.TryRead(Path.Combine(directory, "generation_config.json"))?.Root;
        JsonNode? genai = JsonFile.TryRead(Path.Combine(directory, "genai_config.json"))?.Root.Get("model");
        List<int> ends = [.. EndIds(generation), .. EndIds(config), .. EndIds(genai)];
        if (tokens.EndToken is string end && tokenizer.IdOf(end) is int id)
        {
            ends.Add(id);
        }

        return new ModelSettings([.. ends.Distinct()], ReadContextLength(config, genai), ReadDefaults(generation));
    }

    private static IEnumerable<int> EndIds(JsonNode? file)
    {
        JsonNode? end = file?.Find("eos_token_id");
        return end switch
        {
            null => [],
            { IsArray: true } list => list.Items().Select(item => item.AsInt()),
            JsonNode single => [single.AsInt()],
        };
    }

    private static int ReadContextLength(JsonNode? config, JsonNode? genai)
    {
        // multimodal configurations keep the language model's part under text_config
        JsonNode? length = config?.Find("max_position_embeddings") ?? config?.Find("text_config")?.Find("max_position_embeddings")
            ?? genai?.Find("context_length");
        if (length is not JsonNode found)
        {
            throw new ModelFormatException("config.json", "'max_position_embeddings' is missing, and genai_config.json has no 'context_length'");
        }

        return found.AsInt() > 0 ? found.AsInt() : throw found.Wrong("must be at least 1");
    }

    private static GenerationDefaults ReadDefaults(JsonNode? generation)
    {
        double? temperature = InRange(generation?.Find("temperature"), value => value >= 0, "must be 0 or more");
        double? topP = InRange(generation?.Find("top_p"), value => value is > 0 and <= 1, "must be above 0 and at most 1");
        double? topK = InRange(generation?.Find("top_k"), value => value >= 0, "must be 0 or more");
        return new GenerationDefaults(temperature, topP, (int?)topK);
    }

    private static double? InRange(JsonNode? node, Func<double, bool> isValid, string rule) => node switch
    {
        null => null,
        JsonNode number when isValid(number.AsNumber()) => number.AsNumber(),
        JsonNode number => throw number.Wrong(rule),
    };
}
