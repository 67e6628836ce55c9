using System.Buffers.Binary;
using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>Where one tensor lies in its file.</summary>
/// <param name="Offset">Bytes from the start of the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Element">Null for a number format that is not read; such a tensor may be there, but not be asked for.</param>
internal sealed record TensorPlace(string Name, long[] Shape, WeightElement? Element, string ElementName, long Offset, long Length);

/// <summary>
/// The table of contents of a safetensors file: 8 bytes length, then JSON of that length, then the numbers. Nothing is believed
/// before it is held against the size of the file.
/// </summary>
internal static class SafetensorsHeader
{
    // A header of 100 MB would name more than half a million tensors; the reference implementation draws the same line.
    private const long MaxHeaderBytes = 100_000_000;
    private const int MaxRank = 8;

    public static IReadOnlyList<TensorPlace> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> prefix = stackalloc byte[8];
        if (file.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
        {
            throw new ModelFormatException(path, "the file ends inside the length of its header");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)Math.Min(MaxHeaderBytes, file.Length - prefix.Length))
        {
            throw new ModelFormatException(path, $"the header claims {length} bytes; the file has {file.Length}, and {MaxHeaderBytes} are the limit");
        }

        byte[] json = new byte[length];
        file.ReadExactly(json);
        long dataStart = prefix.Length + (long)length;
        List<TensorPlace> places = Parse(path, json, dataStart, file.Length - dataStart);
        RefuseOverlap(path, places);
        return places;
    }

    private static List<TensorPlace> Parse(string path, byte[] json, long dataStart, long dataLength)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateObject()
                .Where(entry => entry.Name != "__metadata__")
                .Select(entry => Place(path, entry, dataStart, dataLength))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new ModelFormatException(path, "the header is not what the format prescribes", e);
        }
    }

    private static TensorPlace Place(string path, JsonProperty entry, long dataStart, long dataLength)
    {
        string elementName = entry.Value.GetProperty("dtype").GetString() ?? "";
        long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64())];
        JsonElement offsets = entry.Value.GetProperty("data_offsets");
        long begin = offsets[0].GetInt64();
        long end = offsets[1].GetInt64();
        if (begin < 0 || end < begin || end > dataLength)
        {
            throw new ModelFormatException(path, $"tensor '{entry.Name}' lies at {begin}..{end}, the file holds {dataLength} bytes of numbers");
        }

        WeightElement? element = WeightElementExtensions.Parse(elementName);
        if (element is { } known && ByteCount(path, entry.Name, shape, known.Size()) != end - begin)
        {
            throw new ModelFormatException(path, $"tensor '{entry.Name}' of shape [{string.Join(", ", shape)}] does not fill its {end - begin} bytes");
        }

        return new TensorPlace(entry.Name, shape, element, elementName, dataStart + begin, end - begin);
    }

    private static long ByteCount(string path, string name, long[] shape, int elementSize)
    {
        if (shape.Length > MaxRank || shape.Any(dimension => dimension < 0))
        {
            throw new ModelFormatException(path, $"tensor '{name}' has an impossible shape");
        }

        try
        {
            return shape.Aggregate((long)elementSize, (product, dimension) => checked(product * dimension));
        }
        catch (OverflowException e)
        {
            throw new ModelFormatException(path, $"tensor '{name}' has an impossible shape", e);
        }
    }

    // Two names for the same bytes would be legal nowhere: the writers of the format remove shared tensors first.
    private static void RefuseOverlap(string path, List<TensorPlace> places)
    {
        TensorPlace? previous = null;
        foreach (TensorPlace place in places.Where(place => place.Length > 0).OrderBy(place => place.Offset))
        {
            if (previous is not null && place.Offset < previous.Offset + previous.Length)
            {
                throw new ModelFormatException(path, $"tensors '{previous.Name}' and '{place.Name}' overlap");
            }

            previous = place;
        }
    }
}
