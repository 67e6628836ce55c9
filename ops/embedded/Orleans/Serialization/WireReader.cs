using System.Buffers.Binary;
using System.Text;
using DeepSeekOrleans.Embedded.Invocation;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Reads what <see cref="WireWriter"/> wrote. Damaged input throws <see cref="SerializerException"/> and nothing else.</summary>
/// <param name="references">Makes the grain references found in the message; null where there can be none.</param>
internal sealed class WireReader(ReadOnlyMemory<byte> data, IReferenceFactory? references)
{
    private int _position;
    private int _end = data.Length;

    public bool AtEnd => _position >= _end;

    public ReadOnlyMemory<byte> Rest => data[_position.._end];

    public IReferenceFactory References =>
        references ?? throw new SerializerException("a grain reference was found where none can be");

    public (uint Id, WireType Type) Header()
    {
        ulong header = VarInt();
        return ((uint)(header >> 3), (WireType)(header & 7));
    }

    public ulong VarInt()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new SerializerException("a number is longer than ten bytes");
    }

    public long ZigZag()
    {
        ulong value = VarInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> Bytes() => Take(Length(VarInt()));

    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>A count of elements; since each takes at least one byte, a count beyond the rest is damage.</summary>
    public int Count() => Length(VarInt());

    /// <summary>Enters a block: the end of the data is its end until <see cref="EndBlock"/>.</summary>
    /// <returns>What <see cref="EndBlock"/> needs.</returns>
    public int BeginBlock()
    {
        int length = Length(Fixed32());
        int outer = _end;
        _end = _position + length;
        return outer;
    }

    public void EndBlock(int outer)
    {
        _position = _end;
        _end = outer;
    }

    public void Skip(WireType type)
    {
        switch (type)
        {
            case WireType.VarInt:
                VarInt();
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            case WireType.Fixed64:
                Take(8);
                break;
            case WireType.Bytes:
                Bytes();
                break;
            case WireType.Block or WireType.TypedBlock:
                EndBlock(BeginBlock());
                break;
            default:
                break;
        }
    }

    private int Length(ulong value) =>
        value <= (ulong)(_end - _position) ? (int)value : throw new SerializerException("a length points beyond the end of the message");

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _end - _position)
        {
            throw new SerializerException("the message ends too early");
        }

        ReadOnlySpan<byte> taken = data.Span.Slice(_position, bytes);
        _position += bytes;
        return taken;
    }
}
