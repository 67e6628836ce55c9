using System.Numerics.Tensors;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Precision.Rotation;
using DeepSeekOrleans.ModelFactory.Sources;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>Turning a model changes what flows through it, and nothing that it says.</summary>
public sealed class PrecisionRotationTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rotated-");

    [SharedDataTheory]
    [InlineData("qwen2-tied")]
    [InlineData("qwen2-untied")]
    [InlineData("qwen3")]
    [InlineData("llama3-rope")]
    [InlineData("deepseek-v2-lite")]
    [InlineData("deepseek-v2")]
    [InlineData("deepseek-v3")]
    public void RotatedWeights_InFloat32_GiveTheLogitsOfTheReference(string model)
    {
        WriteRotated(SharedData.Path($"models/tiny/{model}"));
        using IModelRunner runner = OnnxModel.Load(_directory.FullName, new OnnxRunnerOptions { Slots = 1, ContextLength = 256 });

        foreach (ReferenceLogits reference in ReferenceLogits.Read(SharedData.Path($"models/tiny/{model}/reference.safetensors")))
        {
            float[] logits = new float[reference.Logits.Length];
            runner.Prefill(0, 0, reference.Ids, logits);

            float allowed = 1e-3f * Math.Abs(TensorPrimitives.MaxMagnitude<float>(reference.Logits));
            TensorPrimitives.Subtract(logits, reference.Logits, logits);
            Assert.InRange(Math.Abs(TensorPrimitives.MaxMagnitude<float>(logits)), 1e-9f, allowed);
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void WriteRotated(string source)
    {
        using HuggingFaceSource model = HuggingFaceSource.Open(source);
        GraphBuilder graph = DecoderGraph.Build(
            model.Config with { TiedEmbedding = false }, new RotatedWeights(model.Weights, model.Config), new FloatForm(OnnxElement.Float), PlainRun.Instance);
        graph.Metadata["deepseek.context_length"] = $"{model.Config.ContextLength}";
        ModelFileWriter.Write(_directory.FullName, graph, journal: null, _ => { }, CancellationToken.None);
        model.WriteCompanions(_directory.FullName);
    }
}
