namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// The tokens of words seen lately. A fixed table in which a newer word displaces an older one of the same slot: bounded, without
/// a lock, because an entry never changes and a reference is written in one piece.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longer words repeat too seldom to be worth an entry.</summary>
    public const int MaxWordLength = 24;

    /// <summary>16,384 entries of about 120 bytes: 2 MB at most, and a page of prose has a tenth as many distinct words.</summary>
    private const int Slots = 1 << 14;

    private readonly Entry?[] _entries = new Entry?[Slots];

    public bool TryGet(ReadOnlySpan<char> word, List<int> ids)
    {
        Entry? entry = _entries[SlotOf(word)];
        if (entry is null || !word.SequenceEqual(entry.Word))
        {
            return false;
        }

        ids.AddRange(entry.Ids);
        return true;
    }

    public void Put(ReadOnlySpan<char> word, ReadOnlySpan<int> ids) => _entries[SlotOf(word)] = new Entry(word.ToString(), ids.ToArray());

    private static int SlotOf(ReadOnlySpan<char> word) => string.GetHashCode(word) & (Slots - 1);

    private sealed record Entry(string Word, int[] Ids);
}
