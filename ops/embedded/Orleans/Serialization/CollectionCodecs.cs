using System.Collections.Immutable;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Collections: a block with the count and then one field per element.</summary>
/// <typeparam name="TCollection">May be null where it is a class.</typeparam>
internal abstract class SequenceCodec<TCollection, TElement>(Codec<TElement> element) : Codec<TCollection>
{
    public override bool IsShareable => false;

    protected Codec<TElement> Element { get; } = element;

    public sealed override void Write(WireWriter writer, uint id, TCollection value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
            return;
        }

        writer.Header(id, WireType.Block);
        int block = writer.BeginBlock();
        writer.VarInt((ulong)CountOf(value));
        foreach (TElement item in Items(value))
        {
            Element.Write(writer, 0, item);
        }

        writer.EndBlock(block);
    }

    public sealed override TCollection Read(WireReader reader, WireType type)
    {
        if (type == WireType.Null)
        {
            return default!;
        }

        Expect(type, WireType.Block);
        int outer = reader.BeginBlock();
        var items = new TElement[reader.Count()];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = Element.Read(reader, reader.Header().Type);
        }

        reader.EndBlock(outer);
        return Build(items);
    }

    public sealed override TCollection Copy(TCollection value) =>
        value is null || IsShareable ? value : Build([.. Items(value).Select(Element.Copy)]);

    protected abstract int CountOf(TCollection value);

    protected abstract IEnumerable<TElement> Items(TCollection value);

    /// <param name="items">Belongs to the collection from now on.</param>
    protected abstract TCollection Build(TElement[] items);
}

internal sealed class ArrayCodec<T>(Codec<T> element) : SequenceCodec<T[], T>(element)
{
    protected override int CountOf(T[] value) => value.Length;

    protected override IEnumerable<T> Items(T[] value) => value;

    protected override T[] Build(T[] items) => items;
}

internal sealed class ListCodec<T>(Codec<T> element) : SequenceCodec<List<T>, T>(element)
{
    protected override int CountOf(List<T> value) => value.Count;

    protected override IEnumerable<T> Items(List<T> value) => value;

    protected override List<T> Build(T[] items) => [.. items];
}

internal sealed class HashSetCodec<T>(Codec<T> element) : SequenceCodec<HashSet<T>, T>(element)
{
    protected override int CountOf(HashSet<T> value) => value.Count;

    protected override IEnumerable<T> Items(HashSet<T> value) => value;

    protected override HashSet<T> Build(T[] items) => [.. items];
}

internal sealed class DictionaryCodec<TKey, TValue>(Codec<KeyValuePair<TKey, TValue>> element)
    : SequenceCodec<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(element)
    where TKey : notnull
{
    protected override int CountOf(Dictionary<TKey, TValue> value) => value.Count;

    protected override IEnumerable<KeyValuePair<TKey, TValue>> Items(Dictionary<TKey, TValue> value) => value;

    protected override Dictionary<TKey, TValue> Build(KeyValuePair<TKey, TValue>[] items) => new(items);
}

/// <summary>A default array, which has no elements at all, is read as an empty one.</summary>
internal sealed class ImmutableArrayCodec<T>(Codec<T> element) : SequenceCodec<ImmutableArray<T>, T>(element)
{
    public override bool IsShareable => Element.IsShareable;

    protected override int CountOf(ImmutableArray<T> value) => value.IsDefault ? 0 : value.Length;

    protected override IEnumerable<T> Items(ImmutableArray<T> value) => value.IsDefault ? [] : value;

    protected override ImmutableArray<T> Build(T[] items) => [.. items];
}

internal sealed class ImmutableDictionaryCodec<TKey, TValue>(Codec<KeyValuePair<TKey, TValue>> element)
    : SequenceCodec<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(element)
    where TKey : notnull
{
    public override bool IsShareable => Element.IsShareable;

    protected override int CountOf(ImmutableDictionary<TKey, TValue> value) => value.Count;

    protected override IEnumerable<KeyValuePair<TKey, TValue>> Items(ImmutableDictionary<TKey, TValue> value) => value;

    protected override ImmutableDictionary<TKey, TValue> Build(KeyValuePair<TKey, TValue>[] items) => items.ToImmutableDictionary();
}

internal sealed class NullableCodec<T>(Codec<T> inner) : Codec<T?>
    where T : struct
{
    public override bool IsShareable => inner.IsShareable;

    public override void Write(WireWriter writer, uint id, T? value)
    {
        if (value is { } present)
        {
            inner.Write(writer, id, present);
            return;
        }

        writer.Header(id, WireType.Null);
    }

    public override T? Read(WireReader reader, WireType type) => type == WireType.Null ? null : inner.Read(reader, type);

    public override T? Copy(T? value) => value is { } present ? inner.Copy(present) : null;
}
