using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Gguf.Text;

/// <summary>The kinds of tokens, numbered as in the format.</summary>
internal enum GgufTokenType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>The tokens of a GGUF file and the part that some of them play.</summary>
internal sealed class GgufVocabulary
{
    // Files name one end, or the wrong one; these control tokens end an answer in every family that has them.
    private static readonly string[] KnownEnds =
    [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "<｜end▁of▁sentence｜>", "</s>",
    ];

    private readonly GgufMetadata _metadata;
    private readonly GgufTokenType[] _types;

    /// <exception cref="ModelFormatException">The lists are missing, of different lengths, or hold a token twice.</exception>
    public GgufVocabulary(GgufMetadata metadata)
    {
        _metadata = metadata;
        Tokens = metadata.Texts("tokenizer.ggml.tokens") ?? throw metadata.Refused("tokenizer.ggml.tokens", "is missing");
        _types = ReadTypes();
        HashSet<string> seen = new(StringComparer.Ordinal);
        string? twice = Tokens.Where((_, id) => _types[id] != GgufTokenType.Unused).FirstOrDefault(token => !seen.Add(token));
        if (twice is not null)
        {
            throw metadata.Refused("tokenizer.ggml.tokens", $"holds '{twice}' twice");
        }
    }

    public string[] Tokens { get; }

    public int? Begin => Id("bos");

    public int? End => Id("eos");

    public int? Unknown => Id("unknown");

    public int? Padding => Id("padding");

    /// <summary>Every token that ends an answer.</summary>
    public IReadOnlyList<int> Ends
    {
        get
        {
            int?[] named = [End, Id("eot"), Id("eom")];
            IEnumerable<int> known = Enumerable.Range(0, Tokens.Length).Where(id => _types[id] == GgufTokenType.Control && KnownEnds.Contains(Tokens[id]));
            return [.. named.OfType<int>().Concat(known).Distinct()];
        }
    }

    public GgufTokenType TypeOf(int id) => _types[id];

    private GgufTokenType[] ReadTypes()
    {
        const string Key = "tokenizer.ggml.token_type";
        if (_metadata.Integers(Key) is not { } types)
        {
            return [.. Tokens.Select(_ => GgufTokenType.Normal)];
        }

        return types.Length == Tokens.Length && types.All(type => Enum.IsDefined((GgufTokenType)type))
            ? [.. types.Select(type => (GgufTokenType)type)]
            : throw _metadata.Refused(Key, $"must hold one of the types 1 to 6 for each of the {Tokens.Length} tokens");
    }

    private int? Id(string role)
    {
        string key = $"tokenizer.ggml.{role}_token_id";
        if (!_metadata.Has(key))
        {
            return null;
        }

        int id = _metadata.Integer(key);
        return id < Tokens.Length ? id : throw _metadata.Refused(key, $"must be below the {Tokens.Length} tokens");
    }
}
