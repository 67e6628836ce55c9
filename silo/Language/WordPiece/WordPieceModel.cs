using System.Buffers;
using System.Text;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.WordPiece;

/// <summary>
/// WordPiece: from the left, the longest token that the rest of the word begins with; inside a word tokens carry a prefix. A word that
/// cannot be spelled so is one unknown token.
/// </summary>
internal sealed class WordPieceModel : IWordModel
{
    /// <summary>Trying every end from every start is quadratic in this; models use 100.</summary>
    private const int MaxWordCharacters = 200;

    private readonly Vocabulary _vocabulary;
    private readonly Func<int, bool> _isControl;
    private readonly byte[] _prefix;
    private readonly int _unknownId;
    private readonly int _maxCharacters;

    private WordPieceModel(Vocabulary vocabulary, Func<int, bool> isControl, byte[] prefix, int unknownId, int maxCharacters)
    {
        _vocabulary = vocabulary;
        _isControl = isControl;
        _prefix = prefix;
        _unknownId = unknownId;
        _maxCharacters = maxCharacters;
    }

    /// <param name="isControl">Tokens that a word may never become: they come from control text only.</param>
    public static WordPieceModel Read(TokenizerFile file, Func<int, bool> isControl)
    {
        string unknown = file.ModelSetting("unk_token")?.AsText() ?? "[UNK]";
        int unknownId = file.Vocabulary.Find(Encoding.UTF8.GetBytes(unknown));
        if (unknownId < 0)
        {
            throw new ModelFormatException("tokenizer.json", $"'model.unk_token': '{unknown}' is not in the vocabulary");
        }

        JsonNode? limit = file.ModelSetting("max_input_chars_per_word");
        int maxCharacters = limit?.AsInt() ?? 100;
        if (maxCharacters is < 1 or > MaxWordCharacters)
        {
            throw limit!.Value.Wrong($"must be 1 to {MaxWordCharacters}");
        }

        string prefix = file.ModelSetting("continuing_subword_prefix")?.AsText() ?? "##";
        return new WordPieceModel(file.Vocabulary, isControl, Encoding.UTF8.GetBytes(prefix), unknownId, maxCharacters);
    }

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.IsEmpty || char.IsWhiteSpace(word[0]))
        {
            return;
        }

        int before = ids.Count;
        if (!TryEncode(word, ids))
        {
            ids.RemoveRange(before, ids.Count - before);
            ids.Add(_unknownId);
        }
    }

    private bool TryEncode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > 2 * _maxCharacters || Characters(word) > _maxCharacters)
        {
            return false;
        }

        int capacity = _prefix.Length + Encoding.UTF8.GetMaxByteCount(word.Length);
        byte[] rented = ArrayPool<byte>.Shared.Rent(capacity);
        try
        {
            // the prefix is kept right before the rest of the word, over bytes that are done with
            _prefix.CopyTo(rented, 0);
            int end = _prefix.Length + Encoding.UTF8.GetBytes(word, rented.AsSpan(_prefix.Length));
            return TryEncode(rented.AsSpan(0, end), ids);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private bool TryEncode(Span<byte> prefixed, List<int> ids)
    {
        int first = _prefix.Length;
        for (int start = first; start < prefixed.Length;)
        {
            int tokenStart = start == first ? start : start - first;
            int end = LongestEnd(prefixed, tokenStart, start, out int id);
            if (end == start)
            {
                return false;
            }

            ids.Add(id);
            start = end;
            _prefix.CopyTo(prefixed[(start - first)..]);
        }

        return true;
    }

    private int LongestEnd(ReadOnlySpan<byte> prefixed, int tokenStart, int start, out int id)
    {
        for (int end = prefixed.Length; end > start; end--)
        {
            id = _vocabulary.Find(prefixed[tokenStart..end]);
            if (id >= 0 && !_isControl(id))
            {
                return end;
            }
        }

        id = -1;
        return start;
    }

    private static int Characters(ReadOnlySpan<char> word)
    {
        int count = 0;
        foreach (Rune _ in word.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
