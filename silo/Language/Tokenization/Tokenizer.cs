using System.Text;
using DeepSeekOrleans.Language.Decoding;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.Language.Tokenization.Normalization;
using DeepSeekOrleans.Language.Tokenization.Splitting;

namespace DeepSeekOrleans.Language;

/// <summary>
/// The tokenizer of one model (byte pairs, WordPiece or Unigram, as tokenizer.json describes it). Encoding takes time proportional to the text,
/// whatever the text. For any number of threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;

    internal Tokenizer(TokenizerParts parts) => _parts = parts;

    /// <summary>The highest token id plus one. A model's logits may be wider: some models round up.</summary>
    public int VocabularySize => _parts.IdLimit;

    /// <summary>The tokens of a text, without those that a post-processor adds.</summary>
    /// <param name="control">Whether control tokens are recognised; a user's text can never yield one by default.</param>
    public int[] Encode(string text, ControlTokens control = ControlTokens.AsText)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<TextSpan> all = [new TextSpan(0, text.Length)];
        return Encode(text, control == ControlTokens.Recognized ? all : []);
    }

    /// <summary>The tokens of a text of which only parts may spell control tokens.</summary>
    /// <param name="trusted">
    /// Ascending, disjoint. A control token is matched only where it lies wholly inside one of them; around its borders ordinary
    /// text is cut into words as if there were none.
    /// </param>
    public int[] Encode(string text, ReadOnlySpan<TextSpan> trusted)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new((text.Length / 3) + 4);
        foreach (TextPiece piece in _parts.RawTokens.Split(text, trusted))
        {
            if (piece.TokenId != TextPiece.NoToken)
            {
                ids.Add(piece.TokenId);
            }
            else
            {
                EncodeNormalized(text, trusted, piece, ids);
            }
        }

        return [.. ids];
    }

    /// <summary>The tokens of a text, with those that the model expects around it (such as a begin-of-sentence token).</summary>
    public int[] EncodeWithSpecial(string text, ControlTokens control) => [.. _parts.Frame.Before, .. Encode(text, control), .. _parts.Frame.After];

    /// <summary>The same with at most so many tokens: a longer text is cut at its end, inside the tokens around it.</summary>
    /// <param name="maxTokens">At least as many as stand around every text.</param>
    /// <param name="isCut">The text had more tokens.</param>
    public int[] EncodeWithSpecial(string text, ControlTokens control, int maxTokens, out bool isCut)
    {
        int room = maxTokens - _parts.Frame.Before.Length - _parts.Frame.After.Length;
        ArgumentOutOfRangeException.ThrowIfNegative(room, nameof(maxTokens));
        ReadOnlySpan<int> ids = Encode(text, control);
        isCut = ids.Length > room;
        return [.. _parts.Frame.Before, .. ids[..Math.Min(ids.Length, room)], .. _parts.Frame.After];
    }

    /// <summary>The text of tokens. Bytes that are no whole character come out as U+FFFD; ids that are no token add nothing.</summary>
    /// <param name="skipSpecial">Leaves out the tokens that <see cref="IsSpecial"/> names.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        IncrementalDecoder decoder = CreateDecoder(skipSpecial);
        StringBuilder text = new();
        foreach (int id in ids)
        {
            text.Append(decoder.Append(id));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>Whether the model marks the token as special: it controls the conversation and is no text for a reader.</summary>
    public bool IsSpecial(int id) => _parts.SpecialIds.Contains(id);

    /// <summary>Whether the token is an added one: matched in the text as a whole, not made of pieces.</summary>
    public bool IsAdded(int id) => _parts.AddedTokenIds.Contains(id);

    /// <summary>The id of a token by its spelling in tokenizer.json, added tokens first; null when there is none.</summary>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (_parts.AddedIdsByContent.TryGetValue(token, out int added))
        {
            return added;
        }

        int id = _parts.Vocabulary.Find(Encoding.UTF8.GetBytes(token));
        return id < 0 ? null : id;
    }

    /// <summary>A decoder for one stream of tokens.</summary>
    public IncrementalDecoder CreateDecoder(bool skipSpecial = true) =>
        new(_parts.Bytes, _parts.LeadingSpaces, skipSpecial ? _parts.SpecialIds.Contains : static _ => false);

    private void EncodeNormalized(string text, ReadOnlySpan<TextSpan> trusted, TextPiece piece, List<int> ids)
    {
        bool isFirst = piece.Start == 0;
        if (_parts.Normalizer is null && _parts.NormalizedTokens.IsEmpty && _parts.PreTokenizer.Metaspace is null)
        {
            EncodeWords(text.AsSpan(piece.Start, piece.Length), 0, ids);
            return;
        }

        TrackedText part = new(text.Substring(piece.Start, piece.Length), TrackedText.Clip(trusted, new TextSpan(piece.Start, piece.Length)));
        part = _parts.Normalizer?.Apply(part) ?? part;
        foreach (TextPiece inner in _parts.NormalizedTokens.Split(part.Text, part.Trusted))
        {
            if (inner.TokenId != TextPiece.NoToken)
            {
                ids.Add(inner.TokenId);
            }
            else
            {
                EncodeWords(Marked(part.Text.AsSpan(inner.Start, inner.Length), isFirst && inner.Start == 0), 0, ids);
            }
        }
    }

    private ReadOnlySpan<char> Marked(ReadOnlySpan<char> text, bool isFirst) =>
        _parts.PreTokenizer.Metaspace is MetaspaceNormalizer metaspace
            ? metaspace.Apply(TrackedText.FromUser(text.ToString()), isFirst).Text
            : text;

    private void EncodeWords(ReadOnlySpan<char> text, int pass, List<int> ids)
    {
        if (pass == _parts.PreTokenizer.Splitters.Count)
        {
            _parts.Model.Encode(text, ids);
            return;
        }

        IWordSplitter splitter = _parts.PreTokenizer.Splitters[pass];
        while (!text.IsEmpty)
        {
            int length = splitter.FirstPiece(text);
            EncodeWords(text[..length], pass + 1, ids);
            text = text[length..];
        }
    }
}
