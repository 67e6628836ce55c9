namespace DeepSeekOrleans.Language.Models;

/// <summary>The parts of tokenizer_config.json that matter here. A directory may have none; then everything is absent.</summary>
internal sealed record TokenizerConfig
{
    public const string FileName = "tokenizer_config.json";

    /// <summary>The keys under which templates know special tokens.</summary>
    private static readonly string[] TokenKeys = ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"];

    /// <summary>The special tokens by key, such as <c>bos_token</c>.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; private init; } = new Dictionary<string, string>();

    public bool AddsBeginToken { get; private init; }

    public string? ChatTemplate { get; private init; }

    public string? BeginToken => SpecialTokens.GetValueOrDefault("bos_token");

    public string? EndToken => SpecialTokens.GetValueOrDefault("eos_token");

    public static TokenizerConfig Read(string path)
    {
        if (JsonFile.TryRead(path) is not JsonFile file)
        {
            return new TokenizerConfig();
        }

        Dictionary<string, string> tokens = [];
        foreach (string key in TokenKeys)
        {
            if (file.Root.Find(key) is JsonNode token)
            {
                // older files spell a token as an object with the flags of an added token
                tokens[key] = token.IsObject ? token.GetText("content") : token.AsText();
            }
        }

        return new TokenizerConfig
        {
            SpecialTokens = tokens,
            AddsBeginToken = file.Root.GetFlag("add_bos_token"),
            ChatTemplate = file.Root.Find("chat_template") is JsonNode template ? ReadTemplate(template) : null,
        };
    }

    // a list of named templates is the older way to have more than one; "default" is the one for chats
    private static string? ReadTemplate(JsonNode template)
    {
        if (!template.IsArray)
        {
            return template.AsText();
        }

        foreach (JsonNode named in template.Items())
        {
            if (named.GetText("name") == "default")
            {
                return named.GetText("template");
            }
        }

        return null;
    }
}
