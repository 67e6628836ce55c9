using System.Collections.Frozen;
using System.Text;
using DeepSeekOrleans.Language.Decoding;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Tokenization.Normalization;
using DeepSeekOrleans.Language.Unigram;
using DeepSeekOrleans.Language.WordPiece;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>Everything a <see cref="Tokenizer"/> is made of, read from a tokenizer.json.</summary>
internal sealed class TokenizerParts
{
    public required Vocabulary Vocabulary { get; init; }

    public required IWordModel Model { get; init; }

    public required PreTokenizer PreTokenizer { get; init; }

    public required INormalizer? Normalizer { get; init; }

    /// <summary>Added tokens that are matched in the text as given.</summary>
    public required AddedTokenMatcher RawTokens { get; init; }

    /// <summary>Added tokens that are matched in the normalised text.</summary>
    public required AddedTokenMatcher NormalizedTokens { get; init; }

    public required FrozenDictionary<string, int> AddedIdsByContent { get; init; }

    public required FrozenSet<int> AddedTokenIds { get; init; }

    public required FrozenSet<int> SpecialIds { get; init; }

    public required SpecialFrame Frame { get; init; }

    public required TokenBytes Bytes { get; init; }

    public required int LeadingSpaces { get; init; }

    public required int IdLimit { get; init; }

    /// <param name="path">A tokenizer.json.</param>
    /// <param name="beginToken">A token to put before every text, where the post-processor does not already; null for none.</param>
    public static TokenizerParts Load(string path, string? beginToken)
    {
        TokenizerFile file = TokenizerFile.Read(path);
        List<AddedToken> added = [.. (file.Section("added_tokens")?.Items() ?? []).Select(ReadAddedToken)];
        FrozenSet<int> special = added.Where(token => token.Special).Select(token => token.Id).ToFrozenSet();
        INormalizer? normalizer = NormalizerReader.Read(file.Section("normalizer"));
        PreTokenizer preTokenizer = PreTokenizerReader.Read(file.Section("pre_tokenizer"));
        DecoderPlan plan = DecoderPlan.Read(file.Section("decoder"));
        int idLimit = Math.Max(file.Vocabulary.IdLimit, added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        return new TokenizerParts
        {
            Vocabulary = file.Vocabulary,
            Model = ReadModel(file, preTokenizer.ByteLevel, special.Contains),
            PreTokenizer = preTokenizer,
            Normalizer = normalizer,
            RawTokens = new AddedTokenMatcher(added.Where(token => !token.Normalized).Select(token => (token, token.Content))),
            NormalizedTokens = new AddedTokenMatcher(added.Where(token => token.Normalized).Select(token => (token, Normalize(normalizer, token)))),
            AddedIdsByContent = added.GroupBy(token => token.Content).ToFrozenDictionary(group => group.Key, group => group.Last().Id),
            AddedTokenIds = added.Select(token => token.Id).ToFrozenSet(),
            SpecialIds = special,
            Frame = WithBegin(PostProcessorReader.Read(file.Section("post_processor")), added, beginToken),
            Bytes = BuildBytes(file.Vocabulary, added, plan, idLimit),
            LeadingSpaces = plan.LeadingSpaces,
            IdLimit = idLimit,
        };
    }

    private static AddedToken ReadAddedToken(JsonNode node)
    {
        int id = node.Get("id").AsInt();
        return id is >= 0 and <= TokenizerFile.MaxId
            ? new AddedToken(id, node.GetText("content"))
            {
                Special = node.GetFlag("special"),
                Normalized = node.GetFlag("normalized"),
                LeftStrip = node.GetFlag("lstrip"),
                RightStrip = node.GetFlag("rstrip"),
                SingleWord = node.GetFlag("single_word"),
            }
            : throw node.Wrong($"'id' must be 0 to {TokenizerFile.MaxId}");
    }

    private static string Normalize(INormalizer? normalizer, AddedToken token) =>
        normalizer?.Apply(TrackedText.FromUser(token.Content)).Text ?? token.Content;

    private static IWordModel ReadModel(TokenizerFile file, bool byteLevel, Func<int, bool> isControl)
    {
        string? type = file.ModelSetting("type")?.AsText();
        return type switch
        {
            null or "BPE" => ReadBytePairs(file, byteLevel, isControl),
            "WordPiece" => WordPieceModel.Read(file, isControl),
            "Unigram" => UnigramModel.Read(file, isControl),
            _ => throw new ModelFormatException("tokenizer.json", $"the model type '{type}' is not supported; BPE, WordPiece and Unigram are"),
        };
    }

    private static BytePairModel ReadBytePairs(TokenizerFile file, bool byteLevel, Func<int, bool> isControl)
    {
        if (file.Scores.Count > 0)
        {
            throw new ModelFormatException("tokenizer.json", "'model.vocab' of a BPE model must be an object");
        }

        foreach (string key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (file.ModelSetting(key) is JsonNode affix && affix.AsText().Length > 0)
            {
                throw affix.Wrong("affixes of subwords are not supported");
            }
        }

        string? unknown = file.ModelSetting("unk_token")?.AsText();
        BytePairSettings settings = new()
        {
            ByteLevel = byteLevel,
            ByteFallback = file.ModelSetting("byte_fallback")?.AsFlag() ?? false,
            IgnoreMerges = file.ModelSetting("ignore_merges")?.AsFlag() ?? false,
            FuseUnknown = file.ModelSetting("fuse_unk")?.AsFlag() ?? false,
            UnknownId = unknown is null ? -1 : file.Vocabulary.Find(Encoding.UTF8.GetBytes(unknown)),
        };

        // no merge of ordinary text may end in a control token, however odd the merge list is
        List<Merge> merges = [.. file.Merges.Select(merge => isControl(merge.Result) ? merge with { Result = -1 } : merge)];
        return new BytePairModel(file.Vocabulary, MergeTable.Build(merges), settings, isControl);
    }

    private static SpecialFrame WithBegin(SpecialFrame frame, List<AddedToken> added, string? beginToken)
    {
        int? id = added.Find(token => token.Content == beginToken)?.Id;
        return id is int begin && !frame.Before.Contains(begin) ? frame with { Before = [begin, .. frame.Before] } : frame;
    }

    private static TokenBytes BuildBytes(Vocabulary vocabulary, List<AddedToken> added, DecoderPlan plan, int idLimit)
    {
        Dictionary<int, byte[]> addedBytes = [];
        foreach (AddedToken token in added)
        {
            addedBytes[token.Id] = plan.BytesOf(Encoding.UTF8.GetBytes(token.Content));
        }

        return TokenBytes.Build(idLimit, id => addedBytes.TryGetValue(id, out byte[]? bytes) ? bytes : plan.BytesOf(vocabulary.TokenOf(id)));
    }
}
