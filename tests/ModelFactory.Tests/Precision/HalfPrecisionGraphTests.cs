using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Sources;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.ModelFactory.Tests.Precision;

/// <summary>The graphs that CUDA alone computes, bf16 above all, are held to their types: nothing else of them can be shown on a CPU.</summary>
public sealed class HalfPrecisionGraphTests
{
    public static TheoryData<string, ModelPrecision> Graphs
    {
        get
        {
            TheoryData<string, ModelPrecision> cases = [];
            foreach (string model in (string[])["qwen2-tied", "qwen2-untied", "qwen3-yarn", "llama3-rope", "deepseek-v2-lite", "deepseek-v2", "deepseek-v3-fp8"])
            {
                cases.Add(model, ModelPrecision.Float16);
                cases.Add(model, ModelPrecision.BFloat16);
                cases.Add(model, ModelPrecision.Int4Float16);
            }

            return cases;
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(Graphs))]
    public void Build_HalfPrecision_HasItsTypeAtEveryEdgeButRouterAndHead(string model, ModelPrecision precision)
    {
        OnnxElement element = precision == ModelPrecision.BFloat16 ? OnnxElement.BFloat16 : OnnxElement.Float16;
        using HuggingFaceSource source = HuggingFaceSource.Open(SharedData.Path($"models/tiny/{model}"));

        GraphBuilder graph = PrecisionGraph.Build(source.Config, source.Weights, precision);

        EdgeTypes types = new(graph);
        Assert.Equal(OnnxElement.Float, types["logits"]);
        Assert.All(graph.Graph.Output, output => Assert.Equal(types[output.Name], (OnnxElement)output.Type.TensorType.ElemType));
        Assert.Equal(OnnxElement.Int64, types["best_token"]);
        Assert.All(graph.Graph.Output.Where(output => output.Name is not ("logits" or "best_token")), output => Assert.Equal(element, types[output.Name]));
        Assert.DoesNotContain(types.Names(OnnxElement.Float), name => !IsExact(name));
        Assert.DoesNotContain(types.Names(element == OnnxElement.Float16 ? OnnxElement.BFloat16 : OnnxElement.Float16), _ => true);
    }

    [SharedDataTheory]
    [InlineData("llama")]
    [InlineData("qwen3")]
    public void Build_Float32_HasNoConversions(string model)
    {
        using HuggingFaceSource source = HuggingFaceSource.Open(SharedData.Path($"models/tiny/{model}"));

        GraphBuilder graph = PrecisionGraph.Build(source.Config, source.Weights, ModelPrecision.Float32);

        Assert.DoesNotContain(graph.Graph.Node, node => node.OpType == "Cast");
    }

    [SharedDataTheory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int8)]
    [InlineData(ModelPrecision.Int4)]
    [InlineData(ModelPrecision.Int4Wide)]
    public void Build_FormForCpus_NamesNoTokens(ModelPrecision precision)
    {
        using HuggingFaceSource source = HuggingFaceSource.Open(SharedData.Path("models/tiny/qwen2-tied"));

        GraphBuilder graph = PrecisionGraph.Build(source.Config, source.Weights, precision);

        Assert.DoesNotContain(graph.Graph.Output, output => output.Name == "best_token");
        Assert.DoesNotContain(graph.Graph.Node, node => node.Name.StartsWith("best_token", StringComparison.Ordinal));
    }

    private static bool IsExact(string name) => name == "logits"
        || name.StartsWith("best_token.", StringComparison.Ordinal)
        || name.StartsWith("embedding.", StringComparison.Ordinal)
        || name.Contains(".router.", StringComparison.Ordinal)
        || name.Contains(".mlp.gate.", StringComparison.Ordinal);
}
