using System.Buffers;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Language.Models;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// What a tokenizer.json says. The vocabulary and the merges, nearly all of its bytes, are read in one pass without a string per
/// token; the rest becomes a small tree.
/// </summary>
internal sealed class TokenizerFile
{
    /// <summary>Ids above this are not those of a language model; memory by id stays bounded.</summary>
    public const int MaxId = 1 << 22;

    /// <summary>No token and no merge is longer, in bytes.</summary>
    private const int MaxTokenBytes = 1 << 16;

    private readonly string _name;
    private readonly byte[] _scratch = new byte[2 * MaxTokenBytes];
    private readonly Dictionary<string, JsonElement> _root = [];
    private readonly Dictionary<string, JsonElement> _model = [];

    private TokenizerFile(string name) => _name = name;

    public Vocabulary Vocabulary { get; } = new();

    public List<Merge> Merges { get; } = [];

    /// <summary>The log probability of each piece by id, where the vocabulary is a list of them; empty otherwise.</summary>
    public List<double> Scores { get; } = [];

    public static TokenizerFile Read(string path)
    {
        TokenizerFile file = new(Path.GetFileName(path));
        try
        {
            Utf8JsonReader reader = new(JsonFile.WithoutMark(JsonFile.ReadBytes(path)));
            file.ReadRoot(ref reader);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // the reader throws InvalidOperationException for strings that are not valid Unicode
            throw new ModelFormatException(path, $"not valid JSON: {exception.Message}", exception);
        }

        return file.Vocabulary.Count > 0 ? file : throw new ModelFormatException(path, "'model.vocab' is missing or empty");
    }

    /// <summary>A member of the root other than <c>model</c>; null when absent.</summary>
    public JsonNode? Section(string key) => Node(_root, key, key);

    /// <summary>A member of <c>model</c> other than the vocabulary and the merges; null when absent.</summary>
    public JsonNode? ModelSetting(string key) => Node(_model, key, $"model.{key}");

    private JsonNode? Node(Dictionary<string, JsonElement> members, string key, string path) =>
        members.TryGetValue(key, out JsonElement element) && element.ValueKind != JsonValueKind.Null ? new JsonNode(_name, path, element) : null;

    private ModelFormatException Wrong(string message) => new(_name, message);

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "the root");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("model"u8))
            {
                ReadModel(ref reader);
            }
            else
            {
                ReadMember(ref reader, _root);
            }
        }

        if (reader.Read())
        {
            throw Wrong("text after the JSON value");
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, Dictionary<string, JsonElement> members)
    {
        string key = reader.GetString()!;
        reader.Read();
        members[key] = JsonElement.ParseValue(ref reader);
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "'model'");
        Utf8JsonReader merges = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("vocab"u8))
            {
                ReadVocabulary(ref reader);
            }
            else if (reader.ValueTextEquals("merges"u8))
            {
                // they refer to the vocabulary, which may stand behind them
                merges = reader;
                reader.Skip();
            }
            else
            {
                ReadMember(ref reader, _model);
            }
        }

        if (merges.TokenType == JsonTokenType.PropertyName)
        {
            ReadMerges(ref merges);
        }
    }

    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            ReadPieces(ref reader);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Wrong("'model.vocab': an object or a list of pieces is expected");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> token = Text(ref reader, _scratch);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int id) || id is < 0 or > MaxId)
            {
                throw Wrong($"'model.vocab': the id of '{Encoding.UTF8.GetString(token)}' is no number from 0 to {MaxId}");
            }

            if (!Vocabulary.TryAdd(token, id))
            {
                throw Wrong($"'model.vocab': '{Encoding.UTF8.GetString(token)}' or its id {id} is listed twice");
            }
        }
    }

    // a piece is a pair of text and score, and its place in the list is its id
    private void ReadPieces(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            int length = ReadPart(ref reader, 0);
            Expect(ref reader, JsonTokenType.Number, "a score");
            double score = reader.GetDouble();
            Expect(ref reader, JsonTokenType.EndArray, "a piece");
            if (Scores.Count > MaxId || !double.IsFinite(score) || !Vocabulary.TryAdd(_scratch.AsSpan(0, length), Scores.Count))
            {
                throw Wrong($"'model.vocab': piece {Scores.Count} is listed twice, has no finite score or is one of too many");
            }

            Scores.Add(score);
        }

        if (reader.TokenType != JsonTokenType.EndArray)
        {
            throw Wrong("'model.vocab': a piece is a list of text and score");
        }
    }

    private void ReadMerges(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartArray, "'model.merges'");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int left;
            int right;
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                left = ReadPart(ref reader, 0);
                right = ReadPart(ref reader, left);
                Expect(ref reader, JsonTokenType.EndArray, "a merge");
            }
            else
            {
                (left, right) = ReadSpacedParts(ref reader);
            }

            AddMerge(_scratch.AsSpan(0, left), _scratch.AsSpan(left, right));
        }
    }

    // "left right" is the older spelling; both parts are moved together, so that the scratch holds the result of the merge
    private (int Left, int Right) ReadSpacedParts(ref Utf8JsonReader reader)
    {
        int length = reader.TokenType == JsonTokenType.String ? Text(ref reader, _scratch).Length : throw Wrong("'model.merges': a merge is no string");
        Span<byte> merge = _scratch.AsSpan(0, length);
        int space = merge.IndexOf((byte)' ');
        if (space <= 0 || space == length - 1 || merge[(space + 1)..].Contains((byte)' '))
        {
            throw Wrong($"'model.merges': '{Encoding.UTF8.GetString(merge)}' is not two tokens");
        }

        merge[(space + 1)..].CopyTo(merge[space..]);
        return (space, length - space - 1);
    }

    private int ReadPart(ref Utf8JsonReader reader, int offset)
    {
        Expect(ref reader, JsonTokenType.String, "a merge");
        return Text(ref reader, _scratch.AsSpan(offset)).Length;
    }

    private void AddMerge(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Merge merge = new(Vocabulary.Find(left), Vocabulary.Find(right), Vocabulary.Find(_scratch.AsSpan(0, left.Length + right.Length)));
        if (merge.Left < 0 || merge.Right < 0 || merge.Result < 0)
        {
            throw Wrong($"'model.merges': '{Encoding.UTF8.GetString(left)} {Encoding.UTF8.GetString(right)}' names a token that is not in the vocabulary");
        }

        Merges.Add(merge);
    }

    private ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, Span<byte> target)
    {
        if (reader.ValueSpan.Length > MaxTokenBytes)
        {
            throw Wrong($"'model': a token has more than {MaxTokenBytes} bytes");
        }

        return target[..reader.CopyString(target)];
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw Wrong($"{what}: {type} is expected");
        }
    }
}
