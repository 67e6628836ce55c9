using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Appends fields to a growing buffer that is reused by the messages of one thread.</summary>
internal sealed class WireWriter
{
    private const int InitialBytes = 1024;

    // A buffer that one large message has grown is not kept for the many small ones after it.
    private const int MaxKeptBytes = 256 * 1024;

    [ThreadStatic]
    private static WireWriter? _cached;

    private byte[] _buffer = new byte[InitialBytes];
    private int _length;
    private int _limit = int.MaxValue;

    /// <summary>Takes this thread's writer, or a new one when the writer is in use further up the stack.</summary>
    /// <param name="limit">In bytes; exceeding it throws.</param>
    public static WireWriter Rent(int limit)
    {
        WireWriter writer = _cached ?? new WireWriter();
        _cached = null;
        writer._length = 0;
        writer._limit = limit;
        return writer;
    }

    public void Return()
    {
        if (_buffer.Length <= MaxKeptBytes)
        {
            _cached = this;
        }
    }

    /// <exception cref="SerializerException">The message is larger than the limit.</exception>
    public byte[] ToArray()
    {
        CheckLimit();
        return _buffer.AsSpan(0, _length).ToArray();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Header(uint id, WireType type) => VarInt(((ulong)id << 3) | (ulong)type);

    public void VarInt(ulong value)
    {
        Span<byte> target = Reserve(10);
        int written = 0;
        while (value >= 0x80)
        {
            target[written++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[written++] = (byte)value;
        _length += written;
    }

    /// <summary>Small numbers of either sign take few bytes.</summary>
    public void ZigZag(long value) => VarInt((ulong)((value << 1) ^ (value >> 63)));

    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);
        _length += 4;
    }

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        _length += 8;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        VarInt((ulong)value.Length);
        value.CopyTo(Reserve(value.Length));
        _length += value.Length;
    }

    /// <summary>Appends bytes that are fields already.</summary>
    public void Raw(ReadOnlySpan<byte> fields)
    {
        fields.CopyTo(Reserve(fields.Length));
        _length += fields.Length;
    }

    public void Text(string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        VarInt((ulong)bytes);
        Encoding.UTF8.GetBytes(value, Reserve(bytes));
        _length += bytes;
    }

    /// <summary>Leaves room for the length of a block.</summary>
    /// <returns>What <see cref="EndBlock"/> needs.</returns>
    public int BeginBlock()
    {
        Reserve(4);
        _length += 4;
        return _length;
    }

    public void EndBlock(int start) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(start - 4), (uint)(_length - start));

    private Span<byte> Reserve(int bytes)
    {
        int needed = checked(_length + bytes);
        if (needed > _buffer.Length)
        {
            Grow(needed);
        }

        return _buffer.AsSpan(_length, bytes);
    }

    private void Grow(int needed)
    {
        CheckLimit();
        Array.Resize(ref _buffer, (int)Math.Min(Math.Max((long)needed, 2L * _buffer.Length), Array.MaxLength));
    }

    private void CheckLimit()
    {
        if (_length > _limit)
        {
            throw new SerializerException($"the message is larger than MaxMessageBodySize, {_limit} bytes");
        }
    }
}
