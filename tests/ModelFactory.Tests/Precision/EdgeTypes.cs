using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Tests.Precision;

/// <summary>The element type of every value of a graph, found by the operators' own rules; a node whose inputs do not fit together fails.</summary>
internal sealed class EdgeTypes
{
    private readonly Dictionary<string, OnnxElement> _types = new(StringComparer.Ordinal);

    public EdgeTypes(GraphBuilder builder)
    {
        foreach (ValueProto input in builder.Graph.Input)
        {
            _types.Add(input.Name, (OnnxElement)input.Type.TensorType.ElemType);
        }

        foreach (TensorProto constant in builder.Graph.Initializer)
        {
            _types.Add(constant.Name, (OnnxElement)constant.DataType);
        }

        foreach (LargeConstant constant in builder.Constants)
        {
            _types.Add(constant.Name, constant.Element);
        }

        foreach (NodeProto node in builder.Graph.Node)
        {
            Add(node);
        }
    }

    public OnnxElement this[string name] => _types[name];

    public IEnumerable<string> Names(OnnxElement element) => _types.Where(type => type.Value == element).Select(type => type.Key);

    private void Add(NodeProto node)
    {
        OnnxElement[] outputs = node.OpType switch
        {
            "Cast" => [(OnnxElement)node.Attribute.Single(attribute => attribute.Name == "to").I],
            "Shape" => [OnnxElement.Int64],
            "TopK" => [_types[node.Input[0]], OnnxElement.Int64],
            "OneHot" => [_types[node.Input[2]]],
            "Less" => [Common(node, 0, 1) == OnnxElement.Float ? OnnxElement.Bool : throw new InvalidOperationException($"'{node.Name}' compares no numbers")],
            "Where" => [Common(node, 1, 2)],
            "MatMulNBits" => [Common(node, 0, 2)],
            "GroupQueryAttention" => [.. Enumerable.Repeat(Common(node, 0, 1, 2, 3, 4, 7, 8), 3)],
            "SkipSimplifiedLayerNormalization" => [.. Enumerable.Repeat(Common(node, 0, 1, 2), 4)],
            "Gather" or "GatherElements" or "Reshape" or "Transpose" or "Unsqueeze" or "Split" or "ReduceSum" or "ReduceMax" =>
                [.. Enumerable.Repeat(_types[node.Input[0]], node.Output.Count)],
            "Add" or "And" or "Mul" or "Div" or "MatMul" or "Gemm" or "Concat" or "SimplifiedLayerNormalization" or "QuickGelu" or "Sigmoid" or "Softmax" =>
                [Common(node, [.. Enumerable.Range(0, node.Input.Count)])],
            _ => throw new InvalidOperationException($"the test has no rule for {node.OpType}"),
        };
        foreach ((string name, OnnxElement type) in node.Output.Zip(outputs).Where(output => output.First.Length > 0))
        {
            _types.Add(name, type);
        }
    }

    private OnnxElement Common(NodeProto node, params int[] inputs)
    {
        OnnxElement[] types = [.. inputs.Select(index => node.Input[index]).Where(name => name.Length > 0).Select(name => _types[name]).Distinct()];
        Assert.True(types.Length == 1, $"{node.OpType} '{node.Name}' mixes {string.Join(", ", types)}");
        return types[0];
    }
}
