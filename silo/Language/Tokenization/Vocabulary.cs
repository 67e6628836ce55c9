using System.Buffers.Binary;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// The tokens of a BPE model, both ways. Keys are the UTF-8 bytes of the token as tokenizer.json spells it, in one pool with an
/// open-addressing index: 150,000 tokens cost no string each, and a merge is looked up without building one.
/// </summary>
internal sealed class Vocabulary
{
    private byte[] _pool = new byte[1 << 16];
    private int _poolLength;
    private int[] _starts = new int[1 << 12];
    private int[] _lengths = new int[1 << 12];
    private int[] _ids = new int[1 << 12];
    private int[] _slots = NewSlots(1 << 13);
    private int[] _entryOfId = [];

    public int Count { get; private set; }

    /// <summary>The highest id plus one.</summary>
    public int IdLimit { get; private set; }

    /// <summary>Adds a token; false when the token or its id is there already.</summary>
    public bool TryAdd(ReadOnlySpan<byte> token, int id)
    {
        if (Count * 2 >= _slots.Length)
        {
            GrowSlots();
        }

        int slot = FindSlot(token);
        if (_slots[slot] >= 0 || EntryOf(id) >= 0)
        {
            return false;
        }

        _slots[slot] = AddEntry(token, id);
        return true;
    }

    /// <summary>The token's id, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token)
    {
        int entry = _slots[FindSlot(token)];
        return entry < 0 ? -1 : _ids[entry];
    }

    /// <summary>The token's UTF-8 bytes as tokenizer.json spells it; empty when no token has this id.</summary>
    public ReadOnlySpan<byte> TokenOf(int id)
    {
        int entry = EntryOf(id);
        return entry < 0 ? default : Key(entry);
    }

    private static int[] NewSlots(int count)
    {
        int[] slots = new int[count];
        Array.Fill(slots, -1);
        return slots;
    }

    private static ulong Hash(ReadOnlySpan<byte> token)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)token.Length * Multiplier;
        while (token.Length >= 8)
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(token)) * Multiplier;
            hash ^= hash >> 32;
            token = token[8..];
        }

        foreach (byte value in token)
        {
            hash = (hash ^ value) * Multiplier;
        }

        return hash ^ (hash >> 29);
    }

    private ReadOnlySpan<byte> Key(int entry) => _pool.AsSpan(_starts[entry], _lengths[entry]);

    private int EntryOf(int id) => (uint)id < (uint)_entryOfId.Length ? _entryOfId[id] - 1 : -1;

    private int FindSlot(ReadOnlySpan<byte> token)
    {
        int mask = _slots.Length - 1;
        int slot = (int)(Hash(token) >> 20) & mask;
        while (_slots[slot] >= 0 && !Key(_slots[slot]).SequenceEqual(token))
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private int AddEntry(ReadOnlySpan<byte> token, int id)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _starts, Count * 2);
            Array.Resize(ref _lengths, Count * 2);
            Array.Resize(ref _ids, Count * 2);
        }

        if (_poolLength + token.Length > _pool.Length)
        {
            Array.Resize(ref _pool, Math.Max(_pool.Length * 2, _poolLength + token.Length));
        }

        if (id >= _entryOfId.Length)
        {
            Array.Resize(ref _entryOfId, Math.Max(id + 1, _entryOfId.Length * 2));
        }

        token.CopyTo(_pool.AsSpan(_poolLength));
        _starts[Count] = _poolLength;
        _lengths[Count] = token.Length;
        _ids[Count] = id;
        _poolLength += token.Length;
        _entryOfId[id] = Count + 1;
        IdLimit = Math.Max(IdLimit, id + 1);
        return Count++;
    }

    private void GrowSlots()
    {
        _slots = NewSlots(_slots.Length * 4);
        for (int entry = 0; entry < Count; entry++)
        {
            _slots[FindSlot(Key(entry))] = entry;
        }
    }
}
