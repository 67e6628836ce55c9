using System.Buffers.Binary;
using System.Text;
using DeepSeekOrleans.Language.Models;

namespace DeepSeekOrleans.Language.Unigram;

/// <summary>
/// SentencePiece's compiled table of rewriting rules: a double-array trie over UTF-8 (the layout of the Darts-clone library, 32 bits a
/// unit) whose values are places in a pool of texts that end with a zero byte.
/// </summary>
internal sealed class CharacterMap
{
    private const int MaxTrieBytes = 64 << 20;

    private readonly uint[] _units;
    private readonly byte[] _pool;

    private CharacterMap(uint[] units, byte[] pool)
    {
        _units = units;
        _pool = pool;
    }

    /// <param name="node">The table in base 64: the length of the trie in bytes (32 bits), the trie, the pool.</param>
    public static CharacterMap Read(JsonNode node)
    {
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(node.AsText());
        }
        catch (FormatException exception)
        {
            throw new ModelFormatException(node.File, $"'{node.Path}': not base 64", exception);
        }

        uint trieBytes = bytes.Length >= 8 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        if (trieBytes < 4 || trieBytes > MaxTrieBytes || trieBytes % 4 != 0 || trieBytes > bytes.Length - 4)
        {
            throw node.Wrong("the table is damaged");
        }

        uint[] units = new uint[trieBytes / 4];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 + (4 * i)));
        }

        return new CharacterMap(units, bytes[(int)(4 + trieBytes)..]);
    }

    /// <summary>
    /// What stands for a text: the rule of the shortest key that the text begins with, for the whole of it, as the reference does; null
    /// when no key fits.
    /// </summary>
    public string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> key = stackalloc byte[64];
        if (!Encoding.UTF8.TryGetBytes(text, key, out int length))
        {
            return null;
        }

        uint node = Offset(_units[0]);
        foreach (byte label in key[..length])
        {
            node ^= label;
            if (label == 0 || UnitAt(node) is not uint unit || Label(unit) != label)
            {
                return null;
            }

            node ^= Offset(unit);
            if (HasValue(unit))
            {
                return UnitAt(node) is uint value ? TextAt(value & 0x7FFF_FFFF) : null;
            }
        }

        return null;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1 << 9)) >> 6);

    private static uint Label(uint unit) => unit & 0x8000_00FF;

    private static bool HasValue(uint unit) => (unit & (1 << 8)) != 0;

    // a damaged table may point anywhere
    private uint? UnitAt(uint node) => node < (uint)_units.Length ? _units[node] : null;

    private string? TextAt(uint start)
    {
        if (start >= (uint)_pool.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = _pool.AsSpan((int)start);
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
