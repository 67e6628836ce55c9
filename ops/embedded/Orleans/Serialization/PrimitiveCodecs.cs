using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Whole numbers, booleans, characters and enumerations: a varint, with zigzag for the signed ones.</summary>
internal sealed class IntegerCodec<T>(Func<T, ulong> toWire, Func<ulong, T> fromWire) : ValueCodec<T>
{
    public override void Write(WireWriter writer, uint id, T value)
    {
        writer.Header(id, WireType.VarInt);
        writer.VarInt(toWire(value));
    }

    public override T Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.VarInt);
        return fromWire(reader.VarInt());
    }
}

internal sealed class SingleCodec : ValueCodec<float>
{
    public override void Write(WireWriter writer, uint id, float value)
    {
        writer.Header(id, WireType.Fixed32);
        writer.Fixed32(BitConverter.SingleToUInt32Bits(value));
    }

    public override float Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.Fixed32);
        return BitConverter.UInt32BitsToSingle(reader.Fixed32());
    }
}

internal sealed class DoubleCodec : ValueCodec<double>
{
    public override void Write(WireWriter writer, uint id, double value)
    {
        writer.Header(id, WireType.Fixed64);
        writer.Fixed64(BitConverter.DoubleToUInt64Bits(value));
    }

    public override double Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.Fixed64);
        return BitConverter.UInt64BitsToDouble(reader.Fixed64());
    }
}

internal sealed class StringCodec : ValueCodec<string?>
{
    public override void Write(WireWriter writer, uint id, string? value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
            return;
        }

        writer.Header(id, WireType.Bytes);
        writer.Text(value);
    }

    public override string? Read(WireReader reader, WireType type)
    {
        if (type == WireType.Null)
        {
            return null;
        }

        Expect(type, WireType.Bytes);
        return reader.Text();
    }
}

/// <summary>Values without references whose memory is the same in every process: Guid, decimal, DateTime, TimeSpan and their like.</summary>
internal sealed class BlittableCodec<T> : ValueCodec<T>
    where T : unmanaged
{
    public override void Write(WireWriter writer, uint id, T value)
    {
        writer.Header(id, WireType.Bytes);
        writer.Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
    }

    public override T Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.Bytes);
        ReadOnlySpan<byte> bytes = reader.Bytes();
        return bytes.Length == Unsafe.SizeOf<T>()
            ? MemoryMarshal.Read<T>(bytes)
            : throw new SerializerException($"a {typeof(T).Name} has {Unsafe.SizeOf<T>()} bytes, and the message has {bytes.Length}");
    }
}

internal sealed class DateTimeOffsetCodec : ValueCodec<DateTimeOffset>
{
    public override void Write(WireWriter writer, uint id, DateTimeOffset value)
    {
        writer.Header(id, WireType.Bytes);
        Span<byte> bytes = stackalloc byte[10];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value.Ticks);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[8..], (short)value.TotalOffsetMinutes);
        writer.Bytes(bytes);
    }

    public override DateTimeOffset Read(WireReader reader, WireType type)
    {
        Expect(type, WireType.Bytes);
        ReadOnlySpan<byte> bytes = reader.Bytes();
        long ticks = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return new DateTimeOffset(ticks, TimeSpan.FromMinutes(BinaryPrimitives.ReadInt16LittleEndian(bytes[8..])));
    }
}

/// <summary>Arrays of plain numbers: their memory as it is.</summary>
internal sealed class BlittableArrayCodec<T> : Codec<T[]?>
    where T : unmanaged
{
    public override bool IsShareable => false;

    public override void Write(WireWriter writer, uint id, T[]? value)
    {
        if (value is null)
        {
            writer.Header(id, WireType.Null);
            return;
        }

        writer.Header(id, WireType.Bytes);
        writer.Bytes(MemoryMarshal.AsBytes<T>(value));
    }

    public override T[]? Read(WireReader reader, WireType type)
    {
        if (type == WireType.Null)
        {
            return null;
        }

        Expect(type, WireType.Bytes);
        return MemoryMarshal.Cast<byte, T>(reader.Bytes()).ToArray();
    }

    public override T[]? Copy(T[]? value) => value is null ? null : value.AsSpan().ToArray();
}
