using System.Text;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx.Containment;

/// <summary>
/// Finds every tensor that an ONNX graph keeps in another file, without loading the graph: it walks the protobuf fields that can lead to
/// a tensor and skips all others, numbers of weights included.
/// </summary>
internal sealed class ExternalDataScan
{
    // Graphs nest in the bodies of loops and branches; the format's own checker stops far earlier.
    private const int MaxDepth = 64;
    private const int MaxStringBytes = 4096;
    private const int MaxDimensions = 16;

    // of a tensor
    private const int DimensionField = 1;
    private const int TypeField = 2;
    private const int NameField = 8;

    private const int VarintWire = 0;
    private const int Fixed64Wire = 1;
    private const int LengthWire = 2;
    private const int Fixed32Wire = 5;

    private readonly FileStream _file;
    private readonly List<ExternalTensor> _tensors = [];

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
    public static IReadOnlyList<ExternalTensor> TensorsIn(string path)
    {
        using FileStream file = File.OpenRead(path);
        ExternalDataScan scan = new(file);
        scan.Walk(Message.Model, file.Length, depth: 0, tensor: null);
        return scan._tensors;
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

    private void Walk(Message message, long end, int depth, ExternalTensor? tensor)
    {
        Require(depth <= MaxDepth);
        string? key = null;
        string? value = null;
        while (_file.Position < end)
        {
            ulong tag = Varint(end);
            (long length, ulong number) = Payload((int)(tag & 7), end);
            long next = _file.Position + length;
            Require(length >= 0 && next <= end);
            int field = (int)(tag >> 3);
            if (message == Message.KeyValue && field is 1 or 2)
            {
                (key, value) = field == 1 ? (Text(length), value) : (key, Text(length));
            }
            else if (message == Message.Tensor && field is DimensionField or TypeField or NameField)
            {
                Describe(tensor!, field, number, length, next);
            }
            else if (Inner(message, field) is { } inner)
            {
                // constants of the outermost graph have names that sessions know
                ExternalTensor? innerTensor = inner == Message.Tensor ? new ExternalTensor { IsConstant = message == Message.Graph && depth == 1 } : tensor;
                Walk(inner, next, depth + 1, innerTensor);
            }

            _file.Position = next;
        }

        if (key is not null && tensor is not null)
        {
            // of two locations only one would be looked at
            Require(tensor.Data.TryAdd(key, value ?? ""));
        }

        if (message == Message.Tensor && tensor!.IsExternal)
        {
            _tensors.Add(tensor);
        }
    }

    private void Describe(ExternalTensor tensor, int field, ulong number, long length, long next)
    {
        switch (field)
        {
            case NameField:
                tensor.Name = Text(length);
                break;
            case TypeField:
                tensor.Type = number <= int.MaxValue ? (int)number : 0;
                break;
            default:
                // one number, or all of them in a row
                for (bool more = length == 0 || _file.Position < next; more; more = _file.Position < next)
                {
                    Require(tensor.Shape.Count < MaxDimensions);
                    tensor.Shape.Add(unchecked((long)(length == 0 ? number : Varint(next))));
                }

                break;
        }
    }

    /// <returns>The length of what follows, and the number that stands in its place.</returns>
    private (long Length, ulong Number) Payload(int wire, long end)
    {
        switch (wire)
        {
            case VarintWire:
                return (0, Varint(end));
            case Fixed64Wire:
                return (sizeof(ulong), 0);
            case Fixed32Wire:
                return (sizeof(uint), 0);
            case LengthWire:
                ulong length = Varint(end);
                return (length <= (ulong)end ? (long)length : -1, 0);
            default:
                return (-1, 0);
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
