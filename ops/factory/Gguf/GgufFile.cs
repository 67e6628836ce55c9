using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>Where one tensor lies in its file.</summary>
/// <param name="Shape">The slowest dimension first, as Hugging Face writes it; the file has the fastest first.</param>
/// <param name="Offset">Bytes from the start of the file.</param>
internal sealed record GgufTensor(string Name, int[] Shape, GgufElement Element, long Offset)
{
    public int Rows => Shape.Length == 2 ? Shape[0] : 1;

    public int Columns => Shape[^1];

    public long RowBytes => (long)Columns / Element.BlockLength() * Element.BlockBytes();

    public long Bytes => Rows * RowBytes;
}

/// <summary>
/// A GGUF file, version 2 or 3, mapped into memory: magic, counts, metadata, table of tensors, numbers
/// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Nothing is believed before it is held against the size of the file.
/// </summary>
internal sealed class GgufFile : IDisposable
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int DefaultAlignment = 32;
    private const int MaxAlignment = 1 << 20;
    private const int LeastBytesOfPair = 13;
    private const int LeastBytesOfTensor = 32;

    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    private GgufFile(string path)
    {
        Name = Path.GetFileName(path);
        Metadata = new GgufMetadata(Name);
        Content = new MappedFile(path);
    }

    public string Name { get; }

    public GgufMetadata Metadata { get; }

    public MappedFile Content { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <exception cref="ModelFormatException">The file is missing, damaged or not supported.</exception>
    public static GgufFile Open(string path)
    {
        // Nothing can be mapped of an empty file.
        if (new FileInfo(path) is not { Exists: true, Length: > 0 })
        {
            throw new ModelFormatException(path, "the file is missing or empty");
        }

        GgufFile file = new(path);
        try
        {
            file.Read();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => Content.Dispose();

    private void Read()
    {
        GgufReader reader = new(Content, Name);
        if (reader.UInt32() != Magic)
        {
            throw reader.Refused("does not begin with 'GGUF'");
        }

        uint version = reader.UInt32();
        if (version is not (2 or 3))
        {
            throw reader.Refused($"is of version {version}; 2 and 3 in little-endian order are read");
        }

        int tensors = reader.Count("tensors", LeastBytesOfTensor);
        int pairs = reader.Count("metadata pairs", LeastBytesOfPair);
        for (int i = 0; i < pairs; i++)
        {
            string key = reader.Text();
            Metadata.Add(key, reader.Value(key));
        }

        if (Metadata.Integer("split.count", 1) > 1)
        {
            throw Metadata.Refused("split.count", "says that the model is split over several files, which is not read; merge them first");
        }

        ReadTensors(reader, tensors);
    }

    private void ReadTensors(GgufReader reader, int count)
    {
        int alignment = Metadata.Integer("general.alignment", DefaultAlignment);
        if (alignment is < 1 or > MaxAlignment || (alignment & (alignment - 1)) != 0)
        {
            throw Metadata.Refused("general.alignment", $"must be a power of two up to {MaxAlignment}");
        }

        List<GgufTensor> relative = [];
        for (int i = 0; i < count; i++)
        {
            relative.Add(Tensor(reader, alignment));
        }

        long start = (reader.Position + alignment - 1) / alignment * alignment;
        long previousEnd = start;
        foreach (GgufTensor tensor in relative.OrderBy(tensor => tensor.Offset))
        {
            // No sum may pass the end of a long: the offset is at most the file's length by now, the bytes are below 2^55.
            GgufTensor placed = tensor with { Offset = start + tensor.Offset };
            if (placed.Offset < previousEnd || placed.Offset + placed.Bytes > Content.Length)
            {
                throw reader.Refused(placed.Offset < previousEnd ? $"tensor '{tensor.Name}' overlaps another" : $"tensor '{tensor.Name}' ends beyond the file");
            }

            previousEnd = placed.Offset + placed.Bytes;
            if (!_tensors.TryAdd(placed.Name, placed))
            {
                throw reader.Refused($"tensor '{placed.Name}' is there twice");
            }
        }
    }

    private GgufTensor Tensor(GgufReader reader, int alignment)
    {
        string name = reader.Text();
        uint rank = reader.UInt32();
        if (rank is not (1 or 2))
        {
            throw reader.Refused($"tensor '{name}' has {rank} dimensions; one and two are read");
        }

        int[] shape = new int[rank];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = reader.UInt64();
            shape[i] = size is > 0 and <= 1 << 26 ? (int)size : throw reader.Refused($"tensor '{name}' has a dimension of {size}");
        }

        uint type = reader.UInt32();
        ulong offset = reader.UInt64();
        GgufElement element = (GgufElement)type;
        if (!Enum.IsDefined(element))
        {
            throw reader.Refused($"tensor '{name}' is of type {type}; {string.Join(", ", Enum.GetNames<GgufElement>())} are read");
        }

        if (shape[^1] % element.BlockLength() != 0)
        {
            throw reader.Refused($"tensor '{name}' has rows of {shape[^1]} numbers, {element} needs a multiple of {element.BlockLength()}");
        }

        return offset <= (ulong)Content.Length && offset % (uint)alignment == 0
            ? new GgufTensor(name, shape, element, (long)offset)
            : throw reader.Refused($"tensor '{name}' lies at {offset}, outside the file or off the alignment of {alignment}");
    }
}
