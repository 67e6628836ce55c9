using System.Buffers;
using System.Globalization;
using System.Text;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>How a BPE model reads characters; the switches of tokenizer.json's <c>model</c> and of its byte-level step.</summary>
internal sealed record BytePairSettings
{
    /// <summary>Symbols are bytes in the byte alphabet; otherwise they are Unicode characters.</summary>
    public required bool ByteLevel { get; init; }

    /// <summary>A character that is no token becomes its UTF-8 bytes, as <c>&lt;0xE4&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>A word that is a token as a whole is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Adjacent unknown characters are one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>The unknown token, or -1: unknown characters are dropped.</summary>
    public int UnknownId { get; init; } = -1;
}

/// <summary>Byte-pair encoding of one word (a piece of text that the pre-tokenizer has cut) into token ids.</summary>
internal sealed class BytePairModel : IWordModel
{
    /// <summary>A merger that has grown above this many positions (4 bytes each) is not kept for the next long word.</summary>
    private const int MaxKeptCapacity = 1 << 22;

    private readonly Vocabulary _vocabulary;
    private readonly MergeTable _merges;
    private readonly BytePairSettings _settings;
    private readonly Func<int, bool> _isControl;
    private readonly int[] _byteIds = new int[256];
    private readonly WordCache _cache = new();
    private readonly JunctionTable? _junctions;
    private LongWordMerger? _spareMerger;

    /// <param name="isControl">Tokens that a word may never become as a whole: they come from control text only.</param>
    public BytePairModel(Vocabulary vocabulary, MergeTable merges, BytePairSettings settings, Func<int, bool> isControl)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _settings = settings;
        _isControl = isControl;
        for (int value = 0; value < 256; value++)
        {
            string spelling = settings.ByteLevel
                ? ByteAlphabet.CharacterOf((byte)value).ToString()
                : string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
            _byteIds[value] = vocabulary.Find(Encoding.UTF8.GetBytes(spelling));
        }

        _junctions = settings.ByteLevel ? JunctionTable.TryBuild(merges, _byteIds, vocabulary.IdLimit) : null;
    }

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        bool cached = word.Length <= WordCache.MaxWordLength;
        if (cached && _cache.TryGet(word, ids))
        {
            return;
        }

        int before = ids.Count;
        EncodeUncached(word, ids);
        if (cached)
        {
            _cache.Put(word, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[before..]);
        }
    }

    private void EncodeUncached(ReadOnlySpan<char> word, List<int> ids)
    {
        byte[]? rentedBytes = null;
        int[]? rentedSymbols = null;
        int limit = Encoding.UTF8.GetByteCount(word);
        Span<byte> bytes = limit <= 256 ? stackalloc byte[256] : rentedBytes = ArrayPool<byte>.Shared.Rent(limit);
        Span<int> symbols = limit <= 256 ? stackalloc int[256] : rentedSymbols = ArrayPool<int>.Shared.Rent(limit);
        try
        {
            bytes = bytes[..Encoding.UTF8.GetBytes(word, bytes)];
            if (_settings.IgnoreMerges && FindWhole(bytes) is int whole and >= 0)
            {
                ids.Add(whole);
                return;
            }

            int count = _settings.ByteLevel ? ByteSymbols(bytes, symbols) : CharacterSymbols(bytes, symbols);
            if (_junctions is null || count <= ShortWordMerger.MaxSymbols || count != bytes.Length)
            {
                ids.AddRange(symbols[..Merge(symbols[..count])]);
            }
            else
            {
                MergeRuns(bytes, symbols[..count], ids);
            }
        }
        finally
        {
            Return(rentedBytes, rentedSymbols);
        }
    }

    private static void Return(byte[]? bytes, int[]? symbols)
    {
        if (bytes is not null && symbols is not null)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(symbols);
        }
    }

    private int FindWhole(ReadOnlySpan<byte> word)
    {
        int id;
        if (!_settings.ByteLevel)
        {
            id = _vocabulary.Find(word);
        }
        else if (word.Length > 1024)
        {
            return -1;
        }
        else
        {
            Span<byte> spelled = stackalloc byte[2048];
            int length = 0;
            foreach (byte value in word)
            {
                length += new Rune(ByteAlphabet.CharacterOf(value)).EncodeToUtf8(spelled[length..]);
            }

            id = _vocabulary.Find(spelled[..length]);
        }

        return id >= 0 && !_isControl(id) ? id : -1;
    }

    private int ByteSymbols(ReadOnlySpan<byte> bytes, Span<int> symbols)
    {
        int count = 0;
        foreach (byte value in bytes)
        {
            int id = _byteIds[value] >= 0 ? _byteIds[value] : _settings.UnknownId;
            if (id >= 0)
            {
                symbols[count++] = id;
            }
        }

        return count;
    }

    private int CharacterSymbols(ReadOnlySpan<byte> bytes, Span<int> symbols)
    {
        int count = 0;
        bool afterUnknown = false;
        while (!bytes.IsEmpty)
        {
            Rune.DecodeFromUtf8(bytes, out _, out int length);
            ReadOnlySpan<byte> character = bytes[..length];
            bytes = bytes[length..];
            int id = _vocabulary.Find(character);
            if (id < 0 && _settings.ByteFallback && TryFallBack(character, symbols[count..]))
            {
                count += length;
                afterUnknown = false;
                continue;
            }

            bool unknown = id < 0;
            id = unknown ? _settings.UnknownId : id;
            if (id >= 0 && !(unknown && afterUnknown && _settings.FuseUnknown))
            {
                symbols[count++] = id;
            }

            afterUnknown = unknown;
        }

        return count;
    }

    private bool TryFallBack(ReadOnlySpan<byte> character, Span<int> symbols)
    {
        for (int i = 0; i < character.Length; i++)
        {
            symbols[i] = _byteIds[character[i]];
            if (symbols[i] < 0)
            {
                return false;
            }
        }

        return true;
    }

    // a symbol for each byte
    private void MergeRuns(ReadOnlySpan<byte> bytes, Span<int> symbols, List<int> ids)
    {
        while (!bytes.IsEmpty)
        {
            int length = _junctions!.FirstRun(bytes);
            ids.AddRange(symbols[..Merge(symbols[..length])]);
            symbols = symbols[length..];
            bytes = bytes[length..];
        }
    }

    private int Merge(Span<int> symbols)
    {
        if (symbols.Length <= ShortWordMerger.MaxSymbols)
        {
            return ShortWordMerger.Merge(symbols, _merges);
        }

        LongWordMerger merger = Interlocked.Exchange(ref _spareMerger, null) ?? new LongWordMerger(_merges);
        int count = merger.Merge(symbols);
        if (merger.Capacity <= MaxKeptCapacity)
        {
            _spareMerger = merger;
        }

        return count;
    }
}
