using System.Runtime.InteropServices;

namespace DeepSeekOrleans.ModelFactory.Onnx;

/// <summary>A constant of the graph whose bytes are written later, so that no more than one is in memory.</summary>
internal sealed record LargeConstant(string Name, OnnxElement Element, long[] Shape, Action<Stream> Write)
{
    public long ByteLength => Shape.Aggregate((long)Element.Size(), (product, dimension) => checked(product * dimension));
}

/// <summary>Collects the nodes, constants, inputs and outputs of one ONNX graph.</summary>
internal sealed class GraphBuilder
{
    private const string Contributed = "com.microsoft";

    private readonly GraphProto _graph = new() { Name = "decoder" };
    private readonly List<LargeConstant> _constants = [];

    public GraphProto Graph => _graph;

    public IReadOnlyList<LargeConstant> Constants => _constants;

    /// <summary>Notes for whoever runs the graph.</summary>
    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a node of the standard operator set and returns the name of its first output.</summary>
    public string Node(string type, string name, string[] inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        Add("", type, name, inputs, [name], attributes);
        return name;
    }

    /// <summary>Adds a node of the standard operator set with several outputs and returns their names.</summary>
    public string[] Nodes(string type, string name, string[] inputs, int outputCount, params ReadOnlySpan<AttributeProto> attributes)
    {
        string[] outputs = [.. Enumerable.Range(0, outputCount).Select(index => $"{name}.{index}")];
        Add("", type, name, inputs, outputs, attributes);
        return outputs;
    }

    /// <summary>Adds a conversion, where one is needed, and returns the name of what has the type wanted.</summary>
    public string Cast(string name, string input, OnnxElement from, OnnxElement to) =>
        from == to ? input : Node("Cast", name, [input], Attribute("to", (long)to));

    /// <summary>Adds a node of ONNX Runtime's own operator set.</summary>
    public void Contribute(string type, string name, string[] inputs, string[] outputs, params ReadOnlySpan<AttributeProto> attributes) =>
        Add(Contributed, type, name, inputs, outputs, attributes);

    /// <summary>A tensor that is kept beside the file.</summary>
    public string Constant(string name, OnnxElement element, long[] shape, Action<Stream> write)
    {
        _constants.Add(new LargeConstant(name, element, shape, write));
        return name;
    }

    /// <summary>A small vector of whole numbers, kept inside the file.</summary>
    public string Integers(string name, params ReadOnlySpan<long> values) => Small(name, OnnxElement.Int64, MemoryMarshal.AsBytes(values));

    /// <summary>A small vector of bytes, kept inside the file.</summary>
    public string Bytes(string name, params ReadOnlySpan<byte> values) => Small(name, OnnxElement.UInt8, values);

    /// <summary>A small vector of numbers, kept inside the file.</summary>
    public string Numbers(string name, params ReadOnlySpan<float> values) => Small(name, OnnxElement.Float, MemoryMarshal.AsBytes(values));

    /// <param name="dimensions">A number for a fixed size, any other text as the name of a free one.</param>
    public void Input(string name, OnnxElement element, params ReadOnlySpan<string> dimensions) => _graph.Input.Add(Value(name, element, dimensions));

    /// <inheritdoc cref="Input"/>
    public void Output(string name, OnnxElement element, params ReadOnlySpan<string> dimensions) => _graph.Output.Add(Value(name, element, dimensions));

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.Kind.Int };

    public static AttributeProto Attribute(string name, float value) => new() { Name = name, F = value, Type = AttributeProto.Types.Kind.Float };

    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, S = Google.Protobuf.ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.Kind.String };

    public static AttributeProto Attribute(string name, long[] values) => new() { Name = name, Ints = { values }, Type = AttributeProto.Types.Kind.Ints };

    private string Small(string name, OnnxElement element, ReadOnlySpan<byte> bytes)
    {
        _graph.Initializer.Add(new TensorProto
        {
            Name = name,
            Dims = { bytes.Length / element.Size() },
            DataType = (int)element,
            RawData = Google.Protobuf.ByteString.CopyFrom(bytes),
        });
        return name;
    }

    private void Add(string domain, string type, string name, string[] inputs, string[] outputs, ReadOnlySpan<AttributeProto> attributes)
    {
        NodeProto node = new() { Domain = domain, OpType = type, Name = name, Input = { inputs }, Output = { outputs } };
        node.Attribute.AddRange(attributes.ToArray());
        _graph.Node.Add(node);
    }

    private static ValueProto Value(string name, OnnxElement element, ReadOnlySpan<string> dimensions)
    {
        ShapeProto shape = new();
        foreach (string dimension in dimensions)
        {
            shape.Dim.Add(long.TryParse(dimension, out long size) ? new DimensionProto { DimValue = size } : new DimensionProto { DimParam = dimension });
        }

        return new ValueProto { Name = name, Type = new TypeProto { TensorType = new TensorTypeProto { ElemType = (int)element, Shape = shape } } };
    }
}
