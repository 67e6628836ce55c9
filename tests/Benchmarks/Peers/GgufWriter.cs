using System.Text;

namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>The outer form of a GGUF file, version 3: metadata, a table of tensors, then their bytes, each begun at a multiple of 32.</summary>
internal sealed class GgufWriter : IDisposable
{
    private const int Alignment = 32;
    private const uint UnsignedType = 4;
    private const uint FloatType = 6;
    private const uint TextType = 8;

    private readonly BinaryWriter _writer;
    private readonly List<(string Name, IReadOnlyList<int> Dimensions, GgufElement Element)> _tensors = [];
    private readonly List<Action> _metadata = [];

    public GgufWriter(string path) => _writer = new BinaryWriter(File.Create(path));

    public void Add(string key, uint value) => AddMetadata(key, UnsignedType, () => _writer.Write(value));

    public void Add(string key, float value) => AddMetadata(key, FloatType, () => _writer.Write(value));

    public void Add(string key, string value) => AddMetadata(key, TextType, () => Write(value));

    /// <param name="dimensions">[out, in] of a matrix, or the length of a vector.</param>
    public void AddTensor(string name, IReadOnlyList<int> dimensions, GgufElement element) => _tensors.Add((name, dimensions, element));

    /// <summary>Writes everything; <paramref name="fill"/> gives the bytes of each tensor in the order in which they were added.</summary>
    public void Write(Action<Stream, int> fill)
    {
        _writer.Write("GGUF"u8);
        _writer.Write(3u);
        _writer.Write((ulong)_tensors.Count);
        _writer.Write((ulong)_metadata.Count);
        _metadata.ForEach(write => write());
        WriteTable();
        Pad();
        for (int i = 0; i < _tensors.Count; i++)
        {
            _writer.Flush();
            fill(_writer.BaseStream, i);
            Pad();
        }
    }

    public void Dispose() => _writer.Dispose();

    private void WriteTable()
    {
        long offset = 0;
        foreach ((string name, IReadOnlyList<int> dimensions, GgufElement element) in _tensors)
        {
            Write(name);
            _writer.Write((uint)dimensions.Count);
            foreach (int dimension in dimensions.Reverse())
            {
                _writer.Write((ulong)dimension);
            }

            _writer.Write((uint)element);
            _writer.Write((ulong)offset);
            long bytes = element.Bytes(dimensions.Aggregate(1L, (product, dimension) => product * dimension));
            offset += (bytes + Alignment - 1) / Alignment * Alignment;
        }
    }

    private void AddMetadata(string key, uint type, Action writeValue) => _metadata.Add(() =>
    {
        Write(key);
        _writer.Write(type);
        writeValue();
    });

    private void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _writer.Write((ulong)bytes.Length);
        _writer.Write(bytes);
    }

    private void Pad()
    {
        _writer.Flush();
        while (_writer.BaseStream.Position % Alignment != 0)
        {
            _writer.Write((byte)0);
        }
    }
}
