using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.ModelFactory.Gguf.Text;

/// <summary>
/// Writes what a GGUF file says about text, tokens, merges, pre-tokenizer and chat template, as the <c>tokenizer.json</c> and
/// <c>tokenizer_config.json</c> of a Hugging Face directory, so that one reader serves both.
/// </summary>
internal sealed class GgufTokenizer
{
    private const string ModelKey = "tokenizer.ggml.model";
    private const string PreTokenizerKey = "tokenizer.ggml.pre";
    private const string MergesKey = "tokenizer.ggml.merges";

    // The files are for our own reader; only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly GgufMetadata _metadata;
    private readonly GgufVocabulary _vocabulary;
    private readonly NamedPreTokenizer? _byteLevel;

    private GgufTokenizer(GgufMetadata metadata)
    {
        _metadata = metadata;
        _vocabulary = new GgufVocabulary(metadata);
        IsSentencePiece = metadata.RequiredText(ModelKey) switch
        {
            "gpt2" => false,
            "llama" => true,
            { } other => throw metadata.Refused(ModelKey, $"is '{other}'; gpt2 and llama are read"),
        };
        if (!IsSentencePiece)
        {
            string name = metadata.RequiredText(PreTokenizerKey);
            _byteLevel = NamedPreTokenizer.Find(name)
                ?? throw metadata.Refused(PreTokenizerKey, $"is '{name}'; {string.Join(", ", NamedPreTokenizer.Names)} are read");
        }
    }

    /// <summary>Every token that ends an answer.</summary>
    public IReadOnlyList<int> Ends => _vocabulary.Ends;

    public int? Begin => _vocabulary.Begin;

    private bool IsSentencePiece { get; }

    // Where a file does not say, the kind of tokenizer decides: SentencePiece models and Llama 3 begin every text.
    private bool AddsBegin => _metadata.Flag("tokenizer.ggml.add_bos_token", IsSentencePiece || _byteLevel is { IgnoresMerges: true });

    private bool AddsEnd => _metadata.Flag("tokenizer.ggml.add_eos_token", false);

    /// <summary>Null for a file without a vocabulary.</summary>
    /// <exception cref="ModelFormatException">The tokenizer is damaged or of a kind that is not read.</exception>
    public static GgufTokenizer? Read(GgufMetadata metadata) => metadata.Text(ModelKey) is null or "none" or "no_vocab" ? null : new GgufTokenizer(metadata);

    public void Write(string folder)
    {
        using (FileStream file = File.Create(Path.Combine(folder, "tokenizer.json")))
        using (Utf8JsonWriter writer = new(file, Plain))
        {
            WriteTokenizer(writer);
        }

        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), Settings().ToJsonString());
    }

    private JsonObject Settings()
    {
        JsonObject settings = new() { ["add_bos_token"] = AddsBegin, ["add_eos_token"] = AddsEnd };
        (string Key, int? Id)[] roles =
            [("bos_token", _vocabulary.Begin), ("eos_token", _vocabulary.End), ("unk_token", _vocabulary.Unknown), ("pad_token", _vocabulary.Padding)];
        foreach ((string key, int? id) in roles)
        {
            if (id is { } known)
            {
                settings[key] = _vocabulary.Tokens[known];
            }
        }

        if (_metadata.Text("tokenizer.chat_template") is { } template)
        {
            settings["chat_template"] = template;
        }

        return settings;
    }

    private void WriteTokenizer(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteAddedTokens(writer);
        Write(writer, "normalizer", IsSentencePiece ? SpaceMarks.Normalizer(_metadata.Flag("tokenizer.ggml.add_space_prefix", true)) : _byteLevel!.Normalizer);
        Write(writer, "pre_tokenizer", IsSentencePiece ? null : new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = _byteLevel!.Steps });
        Write(writer, "post_processor", Frame());
        Write(writer, "decoder", IsSentencePiece ? SpaceMarks.Decoder(_metadata.Flag("tokenizer.ggml.add_space_prefix", true)) : new JsonObject { ["type"] = "ByteLevel" });
        WriteModel(writer);
        writer.WriteEndObject();
    }

    private void WriteAddedTokens(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("added_tokens");
        for (int id = 0; id < _vocabulary.Tokens.Length; id++)
        {
            GgufTokenType type = _vocabulary.TypeOf(id);
            if (type is not (GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.UserDefined))
            {
                continue;
            }

            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            writer.WriteString("content", _vocabulary.Tokens[id]);
            writer.WriteBoolean("special", type != GgufTokenType.UserDefined);
            writer.WriteBoolean("normalized", false);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteModel(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("model");
        writer.WriteString("type", "BPE");
        writer.WriteBoolean("ignore_merges", _byteLevel is { IgnoresMerges: true });
        writer.WriteBoolean("byte_fallback", IsSentencePiece);
        writer.WriteBoolean("fuse_unk", IsSentencePiece);
        if (IsSentencePiece && _vocabulary.Unknown is { } unknown)
        {
            writer.WriteString("unk_token", _vocabulary.Tokens[unknown]);
        }

        writer.WriteStartObject("vocab");
        for (int id = 0; id < _vocabulary.Tokens.Length; id++)
        {
            if (_vocabulary.TypeOf(id) != GgufTokenType.Unused)
            {
                writer.WriteNumber(_vocabulary.Tokens[id], id);
            }
        }

        writer.WriteEndObject();
        writer.WriteStartArray("merges");
        if (IsSentencePiece)
        {
            WriteScoredMerges(writer);
        }
        else
        {
            Array.ForEach(_metadata.Texts(MergesKey) ?? throw _metadata.Refused(MergesKey, "is missing"), writer.WriteStringValue);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteScoredMerges(Utf8JsonWriter writer)
    {
        const string Key = "tokenizer.ggml.scores";
        double[] scores = _metadata.Numbers(Key) ?? throw _metadata.Refused(Key, "is missing");
        if (scores.Length != _vocabulary.Tokens.Length)
        {
            throw _metadata.Refused(Key, $"must hold a number for each of the {_vocabulary.Tokens.Length} tokens");
        }

        foreach ((string left, string right) in ScoredMerges.Of(_vocabulary.Tokens, scores, id => _vocabulary.TypeOf(id) == GgufTokenType.Normal))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(left);
            writer.WriteStringValue(right);
            writer.WriteEndArray();
        }
    }

    private JsonObject? Frame()
    {
        JsonArray single = [];
        JsonObject tokens = [];
        AddToken(AddsBegin, _vocabulary.Begin, "bos");
        single.Add(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A" } });
        AddToken(AddsEnd, _vocabulary.End, "eos");
        return tokens.Count == 0 ? null : new JsonObject { ["type"] = "TemplateProcessing", ["single"] = single, ["special_tokens"] = tokens };

        void AddToken(bool isAdded, int? id, string role)
        {
            if (isAdded && id is { } known)
            {
                single.Add(new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = role } });
                tokens[role] = new JsonObject { ["ids"] = new JsonArray(known) };
            }
        }
    }

    private static void Write(Utf8JsonWriter writer, string key, JsonNode? value)
    {
        writer.WritePropertyName(key);
        if (value is null)
        {
            writer.WriteNullValue();
            return;
        }

        value.WriteTo(writer);
    }
}
