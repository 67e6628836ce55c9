using System.Buffers.Binary;
using System.Text;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>Reads the head of a GGUF file from front to back. Every length is held against what is left of the file before it is used.</summary>
internal sealed class GgufReader(MappedFile file, string fileName)
{
    // The head of the largest published files, vocabulary and merges included, takes below 20 MB.
    private const long MaxHeadBytes = 256L << 20;
    private const int MaxStringBytes = 16 << 20;
    private const int MaxCount = 16 << 20;

    private readonly long _end = Math.Min(file.Length, MaxHeadBytes);

    // All arrays together: a list of bytes takes eight times its room in memory.
    private int _valuesLeft = MaxCount;

    public long Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A count of things that each take at least so many bytes of the head.</summary>
    public int Count(string what, int leastBytesEach)
    {
        ulong count = UInt64();
        return count <= (ulong)Math.Min(MaxCount, (_end - Position) / leastBytesEach)
            ? (int)count
            : throw Refused($"claims {count} {what}, more than the rest of the file can hold");
    }

    public string Text()
    {
        ulong length = UInt64();
        return length <= MaxStringBytes
            ? Encoding.UTF8.GetString(Take((long)length))
            : throw Refused($"holds a string of {length} bytes; {MaxStringBytes} are the limit");
    }

    /// <summary>A value of metadata: <see cref="string"/>, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/> or an array of one of them.</summary>
    public object Value(string key)
    {
        uint type = UInt32();
        return type == (uint)GgufValueType.Array ? List(key) : Scalar(key, (GgufValueType)type);
    }

    public ModelFormatException Refused(string reason) => new(fileName, reason);

    private object List(string key)
    {
        GgufValueType type = (GgufValueType)UInt32();
        int count = Count($"values of '{key}'", LeastBytes(key, type));
        _valuesLeft -= count;
        if (_valuesLeft < 0)
        {
            throw Refused($"holds more than {MaxCount} values in arrays");
        }

        switch (type)
        {
            case GgufValueType.String:
                return Fill(new string[count], Text);
            case GgufValueType.Float32 or GgufValueType.Float64:
                return Fill(new double[count], () => (double)Scalar(key, type));
            case GgufValueType.Bool:
                return Fill(new bool[count], () => (bool)Scalar(key, type));
            default:
                return Fill(new long[count], () => (long)Scalar(key, type));
        }
    }

    private static T[] Fill<T>(T[] list, Func<T> next)
    {
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = next();
        }

        return list;
    }

    // Arrays of arrays are legal and written by nobody; refusing them needs no limit on their depth.
    private int LeastBytes(string key, GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 or GgufValueType.String => 8,
        GgufValueType.Array => throw Refused($"'{key}' is an array of arrays, which is not read"),
        _ => throw UnknownType(key, type),
    };

    private object Scalar(string key, GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => (long)Byte(),
        GgufValueType.Int8 => (long)(sbyte)Byte(),
        GgufValueType.UInt16 => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        GgufValueType.Int16 => (long)BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
        GgufValueType.UInt32 => (long)UInt32(),
        GgufValueType.Int32 => (long)(int)UInt32(),
        GgufValueType.Float32 => (double)BinaryPrimitives.ReadSingleLittleEndian(Take(4)),
        GgufValueType.Bool => Byte() != 0,
        GgufValueType.String => Text(),
        // No setting that is read comes near the end of the range, so a larger number may as well be the largest.
        GgufValueType.UInt64 => (long)Math.Min(UInt64(), long.MaxValue),
        GgufValueType.Int64 => (long)UInt64(),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8)),
        _ => throw UnknownType(key, type),
    };

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _end - Position)
        {
            throw Refused(_end == file.Length ? "the file ends inside its head" : $"the head is longer than {MaxHeadBytes} bytes");
        }

        ReadOnlySpan<byte> taken = file.Bytes(Position, (int)count);
        Position += count;
        return taken;
    }

    private ModelFormatException UnknownType(string key, GgufValueType type) => Refused($"'{key}' has a value of the unknown type {(uint)type}");
}

/// <summary>The types of metadata values, numbered as in the format.</summary>
internal enum GgufValueType : uint
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}
