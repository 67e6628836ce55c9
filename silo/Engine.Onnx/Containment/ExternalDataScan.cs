using System.Text;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx.Containment;

/// <summary>
/// Finds every file that an ONNX graph keeps weights in, without loading the graph: it walks the protobuf fields that can lead to a
/// tensor and skips all others, numbers of weights included.
/// </summary>
internal sealed class ExternalDataScan
{
    // Graphs nest in the bodies of loops and branches; the format's own checker stops far earlier.
    private const int MaxDepth = 64;
    private const int MaxStringBytes = 4096;

    private const int VarintWire = 0;
    private const int Fixed64Wire = 1;
    private const int LengthWire = 2;
    private const int Fixed32Wire = 5;

    private readonly FileStream _file;
    private readonly HashSet<string> _locations = new(StringComparer.Ordinal);

    private ExternalDataScan(FileStream file) => _file = file;

    private enum Message
    {
        Model,
        Graph,
        Node,
        Attribute,
        SparseTensor,
        Tensor,
        KeyValue,
        Function,
    }

    /// <exception cref="ModelFormatException">The file is not an ONNX model.</exception>
    public static IReadOnlyCollection<string> LocationsIn(string path)
    {
        using FileStream file = File.OpenRead(path);
        ExternalDataScan scan = new(file);
        scan.Walk(Message.Model, file.Length, depth: 0);
        return scan._locations;
    }

    // Message and field number to the message inside, from the ONNX format.
    private static Message? Inner(Message message, int field) => (message, field) switch
    {
        (Message.Model, 7) => Message.Graph,
        (Message.Model, 25) => Message.Function,
        (Message.Graph, 1) or (Message.Function, 7) => Message.Node,
        (Message.Graph, 5) => Message.Tensor,
        (Message.Graph, 15) => Message.SparseTensor,
        (Message.Node, 5) or (Message.Function, 11) => Message.Attribute,
        (Message.Attribute, 5 or 10) or (Message.SparseTensor, 1 or 2) => Message.Tensor,
        (Message.Attribute, 6 or 11) => Message.Graph,
        (Message.Attribute, 22 or 23) => Message.SparseTensor,
        (Message.Tensor, 13) => Message.KeyValue,
        _ => null,
    };

    private void Walk(Message message, long end, int depth)
    {
        Require(depth <= MaxDepth);
        string? key = null;
        string? value = null;
        while (_file.Position < end)
        {
            ulong tag = Varint(end);
            long length = LengthOf((int)(tag & 7), end);
            long next = _file.Position + length;
            Require(length >= 0 && next <= end);
            int field = (int)(tag >> 3);
            if (message == Message.KeyValue && field is 1 or 2)
            {
                (key, value) = field == 1 ? (Text(length), value) : (key, Text(length));
            }
            else if (Inner(message, field) is { } inner)
            {
                Walk(inner, next, depth + 1);
            }

            _file.Position = next;
        }

        if (key == "location")
        {
            _locations.Add(value ?? "");
        }
    }

    private long LengthOf(int wire, long end)
    {
        switch (wire)
        {
            case VarintWire:
                Varint(end);
                return 0;
            case Fixed64Wire:
                return sizeof(ulong);
            case Fixed32Wire:
                return sizeof(uint);
            case LengthWire:
                ulong length = Varint(end);
                return length <= (ulong)end ? (long)length : -1;
            default:
                return -1;
        }
    }

    private ulong Varint(long end)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            int read = _file.Position < end ? _file.ReadByte() : -1;
            Require(read >= 0);
            value |= (ulong)(read & 0x7F) << shift;
            if (read < 0x80)
            {
                return value;
            }
        }

        throw Damaged();
    }

    private string Text(long length)
    {
        Require(length <= MaxStringBytes);
        byte[] bytes = new byte[length];
        _file.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private void Require(bool condition)
    {
        if (!condition)
        {
            throw Damaged();
        }
    }

    private ModelFormatException Damaged() => new(_file.Name, "the file is damaged or not an ONNX model");
}
