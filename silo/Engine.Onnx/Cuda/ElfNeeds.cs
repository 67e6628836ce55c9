using System.Buffers.Binary;
using System.Text;

namespace DeepSeekOrleans.Engine.Onnx.Cuda;

/// <summary>
/// The libraries that a 64-bit little-endian ELF library names as needed (System V ABI, chapter 5, "Dynamic Section"). The loader itself
/// names only the first that it does not find, and ONNX Runtime not even that one.
/// </summary>
internal static class ElfNeeds
{
    private const uint LoadedSegment = 1;
    private const uint DynamicSegment = 2;
    private const long NeededTag = 1;
    private const long StringTableTag = 5;
    private const int DynamicEntryBytes = 16;
    private const int LongestName = 256;

    /// <returns>File names in their order; none when the file is no such library.</returns>
    public static IReadOnlyList<string> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] header = Bytes(file, 0, 64);
        if (!header.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            return [];
        }

        Segment[] segments = [.. Segments(file, header)];
        Segment dynamic = segments.FirstOrDefault(segment => segment.Kind == DynamicSegment);
        byte[] entries = Bytes(file, dynamic.Offset, (int)dynamic.Bytes);
        (long Tag, long Value)[] tags = [.. Enumerable.Range(0, entries.Length / DynamicEntryBytes).Select(index =>
            (Number(entries, index * DynamicEntryBytes), Number(entries, (index * DynamicEntryBytes) + 8)))];
        long table = tags.FirstOrDefault(tag => tag.Tag == StringTableTag).Value;
        Segment holder = segments.FirstOrDefault(segment => segment.Kind == LoadedSegment && table >= segment.Address && table < segment.Address + segment.Bytes);
        long strings = table - holder.Address + holder.Offset;
        return [.. tags.Where(tag => tag.Tag == NeededTag).Select(tag => Text(Bytes(file, strings + tag.Value, LongestName)))];
    }

    private static IEnumerable<Segment> Segments(FileStream file, byte[] header)
    {
        long offset = Number(header, 32);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(54));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(56));
        for (int i = 0; i < count; i++)
        {
            byte[] entry = Bytes(file, offset + ((long)i * size), 56);
            yield return new Segment(BinaryPrimitives.ReadUInt32LittleEndian(entry), Number(entry, 8), Number(entry, 16), Number(entry, 32));
        }
    }

    private static byte[] Bytes(FileStream file, long offset, int count)
    {
        byte[] bytes = new byte[count];
        file.Position = offset;
        file.ReadAtLeast(bytes, count, throwOnEndOfStream: false);
        return bytes;
    }

    private static long Number(byte[] bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset));

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..Math.Max(0, bytes.IndexOf((byte)0))]);

    private readonly record struct Segment(uint Kind, long Offset, long Address, long Bytes);
}
